// Changes to the compiled code, by which tests show that they would notice a missing guard, or hurry a long wait.
// One is chosen by REELAY_ABLATION, and made as the code is loaded: no file is written.
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Change
 * @property {string} file in the repository
 * @property {string} from what stands there exactly once
 * @property {string} to
 */

/** @type {Readonly<Record<string, readonly Change[]>>} */
export const ABLATIONS = {
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
      from: 'of decodeChecks(file, expectation)',
      to: 'of []',
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
