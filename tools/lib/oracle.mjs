import { strayFiles, strayFolders } from './oracle-files.mjs';
import { brokenOutputs } from './oracle-outputs.mjs';
import { strayTools } from './oracle-processes.mjs';
import { fullQueues, listQueues, parkedMessages } from './oracle-queues.mjs';
import { messageOf, ToolError } from './tool-error.mjs';
import { waitFor } from './wait.mjs';

/** What was just ended may still be clearing up; what stays for longer than this is a finding. */
const CLEARED_WITHIN_MS = 10_000;
const NEWEST_OUTPUTS = 200;
const MAX_CONNECTIONS = 3;
/** Ids that are shown of each finding. */
const EXAMPLES = 5;

/**
 * @typedef {import('../../libs/persistence/dist/index.js').Finding} Finding
 * @typedef {import('../../libs/persistence/dist/index.js').Scoreboard} Scoreboard
 * @typedef {import('./oracle-queues.mjs').Management} Management
 * @typedef {import('./oracle-queues.mjs').Parked} Parked
 *
 * @typedef {(sql: string, parameters?: unknown[]) => Promise<any[]>} Query
 *
 * @typedef {object} Place Where to look.
 * @property {string} databaseUrl
 * @property {Management} [management] of the broker
 * @property {string} [mediaRoot]
 * @property {readonly string[]} [mediaLinks] folders outside of it that links in it may lead to
 * @property {readonly string[]} [workDirs] the WORK_DIR of every worker
 * @property {string} [ffprobe] default: the one that is used everywhere else
 * @property {number} [outputs] of how many completed jobs, the newest first, the outputs are looked at; default 200
 *
 * @typedef {object} Inspection
 * @property {Scoreboard} scoreboard as `examine` counts; `unexpected` counts what was found outside the database as well
 * @property {Finding[]} findings
 * @property {Parked[]} parked messages that wait for a person
 * @property {string[]} leftOut what was not looked at, and why
 */

/**
 * Looks for what should never be: in the records, the queues, the folders, the processes and the outputs.
 * Needs the compiled project.
 * @param {Place} place
 * @returns {Promise<Inspection>}
 * @throws {ToolError} when the database or the broker does not answer
 */
export async function inspect(place) {
  const { default: pg } = await import('pg');
  const { examine } = await import('../../libs/persistence/dist/index.js');
  const pool = new pg.Pool({ connectionString: place.databaseUrl, max: MAX_CONNECTIONS });
  // A connection that breaks fails the query under way; without a listener it would end the process.
  pool.on('error', () => {});
  await pool.query('SELECT').catch((cause) => {
    const hint = 'npm run up, or set DATABASE_URL to one that runs';
    throw new ToolError(`The database cannot be reached: ${messageOf(cause)}`, { hint, cause });
  });
  try {
    /** @type {Query} */
    const query = async (sql, parameters) => (await pool.query(sql, parameters)).rows;
    const { scoreboard, findings } = await examine({ query: /** @type {any} */ (query) });
    const around = await lookAround(place, query);
    const all = [...findings, ...around.findings];
    const unexpected = all.reduce((sum, { count }) => sum + count, 0);
    return { scoreboard: { ...scoreboard, unexpected }, findings: all, parked: around.parked, leftOut: around.leftOut };
  } finally {
    await pool.end();
  }
}

/**
 * Looks at everything but the records.
 * @param {Place} place
 * @param {Query} query
 * @returns {Promise<Omit<Inspection, 'scoreboard'>>}
 */
async function lookAround(place, query) {
  const { management, mediaRoot, mediaLinks = [], workDirs = [], ffprobe, outputs = NEWEST_OUTPUTS } = place;
  /** @type {string[]} */
  const leftOut = [];
  /** @type {Promise<Finding[]>[]} */
  const looks = [];
  /** @param {string} rule @param {Promise<string[]>} broken */
  const expect = (rule, broken) => void looks.push(broken.then((all) => findingOf(rule, all)));

  if (management) {
    const full = fullQueues(management, query, leftOut);
    expect('with nothing under way, the queues of orders and answers are empty', full);
  } else leftOut.push("queues: RabbitMQ's management API is not known");

  if (mediaRoot) {
    const files = lasting(() => strayFiles(mediaRoot, mediaLinks, query));
    expect('a hidden file of an attempt belongs to one that runs', files);
    const broken = brokenOutputs({ mediaRoot, newest: outputs, ffprobe }, query, leftOut);
    expect('the output of a completed job is there and can be read', broken);
  } else leftOut.push('files, processes and outputs: the media root is not known');

  if (mediaRoot && process.platform === 'linux') {
    const tools = lasting(() => strayTools(mediaRoot));
    expect('an ffmpeg or ffprobe in the library belongs to a worker that lives', tools);
  } else if (mediaRoot) leftOut.push('processes: only Linux shows what they work on');

  if (workDirs.length > 0) {
    const folders = lasting(() => strayFolders(workDirs, query));
    expect('a private folder of an attempt belongs to one that runs', folders);
  } else leftOut.push('work folders: none is known');

  const findings = (await Promise.all(looks)).flat();
  const parked = management ? await parkedMessages(await listQueues(management)) : [];
  return { findings, parked, leftOut };
}

/** @param {string} rule @param {readonly string[]} broken @returns {Finding[]} none when nothing breaks it */
const findingOf = (rule, broken) =>
  broken.length === 0 ? [] : [{ rule, count: broken.length, examples: broken.slice(0, EXAMPLES) }];

/**
 * What is still there after the time to clear up.
 * @param {() => Promise<string[]>} look
 */
async function lasting(look) {
  /** @type {string[]} */
  let seen = [];
  await waitFor(async () => (seen = await look()).length === 0, { timeoutMs: CLEARED_WITHIN_MS, intervalMs: 250 });
  return seen;
}
