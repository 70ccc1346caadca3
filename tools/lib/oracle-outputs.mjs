import { existsSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { resolveFfmpeg } from './ffmpeg.mjs';
import { tryRun } from './run.mjs';
import { messageOf, ToolError } from './tool-error.mjs';

/** Probes that run at once. */
const AT_ONCE = 4;
const PROBE_TIMEOUT_MS = 60_000;

/** Takes its input away. Reelay's other job types leave theirs where they are; of those of others nobody knows. */
const MOVING_TYPE = 'move_to_library';
/** Removes what it names, and what is below that. */
const REMOVING_TYPE = 'delete_output';

async function readingTypes() {
  const { JOB_CONTRACTS } = await import('../../libs/contracts/dist/index.js');
  return [...JOB_CONTRACTS.keys()].filter((type) => type !== MOVING_TYPE);
}

/** @typedef {{ job: string, path: string }} Output */

/**
 * The outputs of completed jobs that are gone, empty or no media, unless a later job replaced, moved or removed them.
 * @param {{ mediaRoot: string, newest: number, ffprobe?: string }} options `newest`: of how many jobs
 * @param {import('./oracle.mjs').Query} query
 * @param {string[]} leftOut told when there is no ffprobe
 * @returns {Promise<string[]>} each with its job
 */
export async function brokenOutputs({ mediaRoot, newest, ffprobe }, query, leftOut) {
  if (newest === 0) {
    leftOut.push('outputs: none were asked for');
    return [];
  }
  /** @type {Output[]} */
  const outputs = await query(
    `SELECT j.id AS job, path
       FROM (SELECT id, destination_paths FROM jobs WHERE status = 'completed' AND destination_paths <> '{}'
              ORDER BY completed_at DESC, id DESC LIMIT $1) j, unnest(j.destination_paths) AS path`,
    [newest],
  );
  if (outputs.length === 0) return [];
  const program = ffprobe ?? (await findFfprobe(leftOut));
  if (program === null) return [];
  /** @type {string[]} */
  const broken = [];
  const left = [...outputs];
  const work = async () => {
    for (let output = left.shift(); output; output = left.shift()) {
      const file = resolve(mediaRoot, output.path);
      if (output.path.startsWith(WORK_FOLDER) && !existsSync(file)) continue;
      const fault = await faultOf(program, file);
      if (fault && !(await isSuperseded(output, query))) broken.push(`job ${output.job}: ${output.path} ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return broken;
}

/** @param {string[]} leftOut */
const findFfprobe = (leftOut) =>
  resolveFfmpeg().then(
    ({ ffprobe }) => ffprobe,
    (error) => {
      leftOut.push(`outputs: ${messageOf(error)}`);
      return null;
    },
  );

/** What is in it is handed from job to job, and removed when it was used. */
const WORK_FOLDER = 'work/';

/** @param {string} ffprobe @param {string} file @returns {Promise<string | null>} what is wrong with it */
async function faultOf(ffprobe, file) {
  const facts = await stat(file).catch(() => null);
  if (!facts) return 'is missing';
  if (!facts.isFile()) return 'is no file';
  if (facts.size === 0) return 'is empty';
  if (file.endsWith('.json')) return (await isJson(file)) ? null : 'is no JSON';
  // A % in the name of a picture would be taken for a number in a series.
  const plainName = /\.(jpe?g|png|webp)$/i.test(file) ? ['-f', 'image2', '-pattern_type', 'none'] : [];
  const args = ['-v', 'error', '-show_entries', 'stream=codec_type,width', '-of', 'json', ...plainName, file];
  const { code, stdout, missing } = await tryRun(ffprobe, args, { timeoutMs: PROBE_TIMEOUT_MS });
  if (missing) throw new ToolError(`There is no program ${ffprobe}.`, { hint: 'mend or unset FFPROBE_PATH' });
  if (code !== 0) return 'cannot be probed';
  /** @type {{ codec_type?: string, width?: number }[]} */
  const streams = JSON.parse(stdout).streams ?? [];
  // By its name alone a file may pass for a picture, of no size.
  const isMedia = streams.some(({ codec_type: kind, width = 0 }) => kind !== 'video' || width > 0);
  return isMedia || (await isAnimatedWebp(file)) ? null : 'has no picture, no sound and no text';
}

/**
 * A note of what is beside it.
 * @param {string} file
 */
async function isJson(file) {
  try {
    JSON.parse(await readFile(file, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

/**
 * ffprobe knows no animated WebP: of one it tells no size.
 * @param {string} file
 */
async function isAnimatedWebp(file) {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(21), 0, 21, 0);
    // The header, then a first part whose flags tell of an animation.
    return /^RIFF[^]{4}WEBPVP8X/.test(buffer.toString('latin1')) && (Number(buffer[20]) & 2) > 0;
  } finally {
    await handle.close();
  }
}

/**
 * Whether a later job put out the same path, removed it, or may have moved it.
 * @param {Output} output
 * @param {import('./oracle.mjs').Query} query
 */
async function isSuperseded({ job, path }, query) {
  const [row] = await query(
    `SELECT EXISTS (
       SELECT FROM jobs later JOIN jobs own ON own.id = $1
        WHERE later.status = 'completed' AND (later.completed_at, later.id) > (own.completed_at, own.id)
          AND ($2 = ANY (later.destination_paths)
               OR EXISTS (SELECT FROM jsonb_array_elements_text(
                                   CASE WHEN later.type = $4 THEN later.params -> 'paths' ELSE '[]' END) AS removed
                           WHERE $2 = removed OR starts_with($2, removed || '/'))
               OR (later.type <> ALL ($3::text[])
                   AND EXISTS (SELECT FROM jsonb_each_text(later.params) AS param WHERE param.value = $2)))
     ) AS superseded`,
    [job, path, await readingTypes(), REMOVING_TYPE],
  );
  return row.superseded;
}
