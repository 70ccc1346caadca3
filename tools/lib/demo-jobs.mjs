import { sleep } from './wait.mjs';
import { ToolError } from './tool-error.mjs';

/**
 * A job as the API shows it, as far as the demo cares.
 * @typedef {object} Job
 * @property {string} id
 * @property {string} type
 * @property {string} status
 * @property {number} progress
 * @property {string | null} waitingReason
 * @property {string | null} worker
 * @property {string | null} phase
 * @property {number | null} speed
 * @property {{ code: string, message: string } | null} error
 * @property {string | null} startedAt
 * @property {string | null} completedAt
 * @property {string[]} destinationPaths
 * @property {Record<string, any> | null} result
 *
 * @typedef {(method: string, path: string, body?: unknown) => Promise<any>} Api
 */

const FINAL = ['completed', 'failed', 'cancelled'];
const POLL_MS = 200;
const TIMEOUT_MS = 300_000;

/** Nobody serves this type: it shows what waiting looks like. */
const UNKNOWN_TYPE = 'hologram_render';

/**
 * A client of the REST API.
 * @param {{ apiUrl: string, token: string }} target
 * @param {AbortSignal} signal
 * @returns {Api}
 */
export const apiClient =
  ({ apiUrl, token }, signal) =>
  async (method, path, body) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      signal,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = /** @type {any} */ (await response.json());
    if (!response.ok) throw new ToolError(`${method} ${path} was answered with ${response.status}: ${answer.detail}`);
    return answer;
  };

/**
 * Submits the demo's jobs.
 * @param {Api} api
 * @param {string} inputPath
 * @returns {Promise<string[]>} their ids; the last is the one that has to wait
 */
export async function demoJobs(api, inputPath) {
  const wishes = [
    { type: 'validate', params: { inputPath, decode: true } },
    { type: 'reencode_streaming', params: { inputPath, targetBitrate: 2000, preset: 'medium', force: true } },
    { type: 'thumbnail_generate', params: { inputPath, width: 640 } },
    { type: UNKNOWN_TYPE, params: {} },
  ];
  const ids = [];
  for (const wish of wishes) ids.push((await api('POST', '/api/media/jobs', wish)).id);
  return ids;
}

/**
 * Shows live bars until every job is over, or known to wait.
 * @param {Api} api
 * @param {readonly string[]} ids
 * @returns {Promise<Job[]>}
 */
export async function followJobs(api, ids) {
  const { MultiBar, Presets } = (await import('cli-progress')).default;
  const bars = new MultiBar(
    {
      format: '{type} {bar} {percentage}% {state}',
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
      barsize: 30,
      fps: 10,
    },
    Presets.shades_classic,
  );
  const lines = new Map(ids.map((id) => [id, bars.create(100, 0, { type: ''.padEnd(19), state: '' })]));
  const deadline = Date.now() + TIMEOUT_MS;
  try {
    for (;;) {
      /** @type {Job[]} */
      const jobs = await Promise.all(ids.map((id) => api('GET', `/api/media/jobs/${id}`)));
      for (const job of jobs)
        lines.get(job.id)?.update(job.progress, { type: job.type.padEnd(19), state: stateOf(job) });
      if (jobs.every(isSettled)) return jobs;
      if (Date.now() > deadline) throw new ToolError(`The jobs did not end within ${TIMEOUT_MS / 1000} s.`);
      await sleep(POLL_MS);
    }
  } finally {
    bars.stop();
  }
}

/** @param {Job} job */
const isSettled = (job) => FINAL.includes(job.status) || (job.type === UNKNOWN_TYPE && job.waitingReason !== null);

/** @param {Job} job */
function stateOf({ status, waitingReason, phase, speed, error }) {
  if (error) return `${status}: ${error.code}`;
  if (waitingReason) return `waiting: ${waitingReason}`;
  return status === 'running'
    ? [status, phase, speed ? `${speed.toFixed(1)}x` : null].filter(Boolean).join(', ')
    : status;
}

/**
 * Lays rows out in columns.
 * @param {readonly (readonly string[])[]} rows the first is the heading
 */
export function summaryTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
