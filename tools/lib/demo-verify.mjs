import { statSync } from 'node:fs';
import { join } from 'node:path';
import { resolveFfmpeg } from './ffmpeg.mjs';
import { run } from './run.mjs';
import { messageOf } from './tool-error.mjs';

/** @typedef {import('./demo-jobs.mjs').Job} Job */

/** Most that an encode's duration may differ from its source's, in seconds. */
const DURATION_TOLERANCE = 0.3;

/**
 * Looks at each job and its output with ffprobe and a full decode, independently of the workers.
 * @param {string} mediaRoot
 * @param {string} source
 * @param {readonly Job[]} jobs
 * @returns {Promise<{ rows: string[][], faults: string[] }>} rows of a table with a heading, and what is wrong
 */
export async function verifyOutputs(mediaRoot, source, jobs) {
  const rows = [['job', 'state', 'worker', 'time', 'size', 'output']];
  const faults = [];
  const original = await look(join(mediaRoot, source));
  for (const job of jobs) {
    const [path] = job.destinationPaths;
    const output =
      path === undefined ? null : await look(join(mediaRoot, path)).catch((error) => ({ fault: messageOf(error) }));
    const fault = output && 'fault' in output ? output.fault : faultOf(job, output, original);
    if (fault) faults.push(`${job.type}: ${fault}`);
    const facts = output && !('fault' in output) ? output : null;
    rows.push([
      job.type,
      job.status,
      job.worker ?? '-',
      secondsOf(job),
      facts ? `${(facts.bytes / 1000).toFixed(0)} kB` : '-',
      facts ? `${path}: ${describe(facts)}` : noteOf(job),
    ]);
  }
  return { rows, faults };
}

/**
 * @typedef {{ bytes: number, seconds: number, codecs: string[], width: number, height: number }} Facts
 */

/** @param {string} file @returns {Promise<Facts>} */
async function look(file) {
  const { ffmpeg, ffprobe } = await resolveFfmpeg();
  const facts = await run(ffprobe, ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', file]);
  await run(ffmpeg, ['-nostdin', '-v', 'error', '-xerror', '-i', file, '-f', 'null', '-'], { timeoutMs: 120_000 });
  const { format, streams } = JSON.parse(facts);
  const video = streams.find((/** @type {any} */ stream) => stream.codec_type === 'video');
  return {
    bytes: statSync(file).size,
    seconds: Number(format.duration ?? 0),
    codecs: streams.map((/** @type {any} */ stream) => stream.codec_name),
    width: video?.width ?? 0,
    height: video?.height ?? 0,
  };
}

/** @param {Job} job @param {Facts | null} output @param {Facts} original @returns {string | null} */
function faultOf(job, output, original) {
  switch (job.type) {
    case 'validate':
      return job.status === 'completed' && job.result?.valid === true ? null : failureOf(job);
    case 'reencode_streaming':
      if (job.status !== 'completed' || !output) return failureOf(job);
      if (!output.codecs.includes('h264') || !output.codecs.includes('aac'))
        return `has ${output.codecs.join(' and ')}`;
      return Math.abs(output.seconds - original.seconds) < DURATION_TOLERANCE
        ? null
        : `takes ${output.seconds} s, its source ${original.seconds} s`;
    case 'thumbnail_generate':
      if (job.status !== 'completed' || !output) return failureOf(job);
      return output.width === 640 ? null : `is ${output.width} pixels wide`;
    default:
      return job.status === 'pending' && job.waitingReason ? null : `is ${job.status} and gives no reason for waiting`;
  }
}

/** @param {Job} job */
const failureOf = (job) => `${job.status}: ${job.error ? `${job.error.code}, ${job.error.message}` : 'no output'}`;

/** @param {Job} job */
const noteOf = (job) => job.waitingReason ?? (job.result?.valid === true ? 'valid' : (job.error?.message ?? ''));

/** @param {Job} job */
const secondsOf = ({ startedAt, completedAt }) =>
  startedAt && completedAt ? `${((Date.parse(completedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s` : '-';

/** @param {Facts} facts */
const describe = ({ codecs, width, height, seconds }) =>
  [codecs.join(' + '), `${width}x${height}`, ...(seconds > 0.1 ? [`${seconds.toFixed(2)} s`] : [])].join(', ');
