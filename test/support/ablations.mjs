// Changes to the compiled code, by which tests show that they would notice a missing guard, or hurry a long wait.
// One is chosen by REELAY_ABLATION, and made as the code is loaded: no file is written.
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Change
 * @property {string} file in the repository
 * @property {string} from what stands there exactly once
 * @property {string} to
 */

/** Work that goes on for longer than 25 ms is claimed. */
const CLAIMED_BY_NOW = 'await new Promise((resolve) => setTimeout(resolve, 1_000))';

/**
 * The process is killed, as by a crash, when it comes to this code, which is in an asynchronous function. It waits until
 * the attempt is claimed: before that, its order is not acknowledged, and no lease has to end.
 * @param {string} file
 * @param {string} from
 * @returns {Change}
 */
const diesAt = (file, from) => ({ file, from, to: `${CLAIMED_BY_NOW}; process.kill(process.pid, 'SIGKILL'); ${from}` });

/** The library's folders look like file systems of their own. @type {Change} */
const NO_LINKS = {
  file: 'libs/media/dist/move.js',
  from: 'await link(from, to);',
  to: "throw Object.assign(new Error('another file system'), { code: 'EXDEV' });",
};

/** Where a worker may die that moves a file, in the order of the steps. */
const MOVE_STEPS = {
  'before-it-is-synced': [diesAt('libs/media/dist/publish.js', 'await syncAll(temporary, output.main !== null);')],
  'before-the-hidden-name': [diesAt('libs/media/dist/publish.js', 'await rename(temporary, marker);')],
  'before-the-new-name': [diesAt('libs/media/dist/publish.js', 'target = await place(library, finished, output);')],
  'after-the-new-name': [diesAt('libs/media/dist/publish.js', 'await sync(dirname(target.absolute));')],
  'before-the-old-name-goes': [diesAt('libs/media/dist/move.js', 'await rm(from);')],
  'after-the-old-name-went': [diesAt('libs/media/dist/move.js', "const folder = await open(dirname(from), 'r');")],
  'before-the-answer': [diesAt('libs/worker-sdk/dist/pipeline.js', "return {\n                kind: 'completed',")],
};

/** @type {Readonly<Record<string, readonly Change[]>>} */
export const ABLATIONS = {
  ...Object.fromEntries(
    Object.entries(MOVE_STEPS).flatMap(([step, changes]) => [
      [`move-dies-${step}`, changes],
      [`copy-dies-${step}`, [NO_LINKS, ...changes]],
    ]),
  ),
  'move-dies-before-the-first-step': [diesAt('libs/media/dist/move.js', 'await link(from, to);')],
  'copy-dies-before-the-copy-is-checked': [NO_LINKS, diesAt('libs/media/dist/move.js', 'await utimes(to')],
  'move-dies-after-the-answer': [diesAt('libs/worker-sdk/dist/clean-ups.js', 'for (const step of')],
  'folder-dies-before-the-hidden-name': [
    diesAt('libs/media/dist/publish.js', 'return (await hardLink(known, marker))'),
  ],
  /** The answer of an attempt that the job was taken from completes the job all the same. */
  'attempt-guard': [
    {
      file: 'libs/persistence/dist/sql/apply-completions.js',
      from: 'j.id = d.job_id AND j.attempt_id = d.id AND',
      to: 'j.id = d.job_id AND',
    },
  ],
  /** What was handed to the socket counts as confirmed. */
  confirm: [
    {
      file: 'libs/messaging/dist/publisher.js',
      from: 'options, settle);',
      to: 'options, () => undefined); settle(null);',
    },
  ],
  /** Whatever ffmpeg left behind is good enough, as long as it can be probed. */
  verification: [
    {
      file: 'libs/media/dist/verify.js',
      from: 'if (fault !== null)',
      to: 'if (fault === undefined)',
    },
    {
      file: 'libs/media/dist/verify.js',
      from: "asOutputFault('decode', signal, () => ffmpeg.run(",
      to: "asOutputFault('decode', signal, () => void (",
    },
  ],
  /** A worker announces itself again every 2 s instead of every minute. */
  'hurried-announcements': [
    {
      file: 'libs/worker-sdk/dist/worker.js',
      from: 'ANNOUNCE_AGAIN_MS = 60_000',
      to: 'ANNOUNCE_AGAIN_MS = 2_000',
    },
  ],
  /** An encoder that does nothing is found out after 3 s instead of two minutes. */
  'short-stall': [
    {
      file: 'libs/media/dist/ffmpeg.js',
      from: 'DEFAULT_STALL_TIMEOUT_MS = 120_000',
      to: 'DEFAULT_STALL_TIMEOUT_MS = 3_000',
    },
  ],
};

const repoRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The source of a module with the changes of an ablation; null when it has none for this file.
 * @param {string} name
 * @param {string} path absolute
 * @param {string} source
 * @throws {Error} when the code is not as the change expects it: then the change must be mended
 */
export function ablated(name, path, source) {
  const changes = ABLATIONS[name];
  if (!changes) throw new Error(`there is no ablation ${name}`);
  const wanted = changes.filter(({ file }) => path === repoRoot + file);
  return wanted.length === 0 ? null : wanted.reduce(replaceOnce, source);
}

/** @param {string} source @param {Change} change */
function replaceOnce(source, { file, from, to }) {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file} has "${from}" ${parts.length - 1} times, not once`);
  return parts.join(to);
}
