// Resident memory before, at the peak of and after a load, beside a bare process with the same connections.
import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { startBareProcess } from './bare-process.mjs';
import { figure } from './figures.mjs';
import { allCompleted, countCompleted } from './jobs.mjs';
import { submitInBulks, submitOneByOne } from './throughput.mjs';

const SAMPLE_MS = 100;
/** After the load, before the last look: what is not needed any more may be given back, in ms. */
const SETTLE_MS = 5_000;
/** The backend and a worker each publish and consume on connections of their own. */
const AMQP_CONNECTIONS = 2;

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {number} pid @returns {number} MB */
function residentMb(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout) / 1024;
}

/**
 * The most that a process takes while something goes on.
 * @param {readonly number[]} pids
 * @param {() => Promise<void>} work
 * @returns {Promise<number[]>} MB, for each of them
 */
async function peaksDuring(pids, work) {
  const peaks = pids.map(residentMb);
  const timer = setInterval(() => {
    pids.forEach((pid, n) => (peaks[n] = Math.max(peaks[n] ?? 0, residentMb(pid))));
  }, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peaks;
}

/** The connections that the backend has to the store now. @param {pg.Client} database @returns {Promise<number>} */
async function backendConnections(database) {
  const { rows } = await database.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'reelay'",
  );
  return rows[0].n;
}

/** What a process takes that holds as many connections and does nothing with them. */
async function bareMb(
  /** @type {import('./benches.mjs').Context} */ context,
  /** @type {number} */ databaseConnections,
) {
  const { amqpUrl, databaseUrl } = context;
  const options = { amqpUrl, databaseUrl, amqpConnections: AMQP_CONNECTIONS, databaseConnections };
  const held = await startBareProcess(options);
  const mb = residentMb(held.pid);
  held.stop();
  return mb;
}

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const { databaseUrl, jobs } = context;
  const pids = [context.pids.backend, context.pids.worker];
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const before = pids.map(residentMb);
    const peak = await peaksDuring(pids, async () => {
      const completed = await countCompleted(database);
      await submitInBulks(context, jobs);
      await submitOneByOne(context, jobs);
      await allCompleted(database, completed + 2 * jobs);
    });
    const connections = await backendConnections(database);
    await sleep(SETTLE_MS);
    const after = pids.map(residentMb);
    const references = [await bareMb(context, connections), await bareMb(context, 0)];
    return ['backend', 'worker'].flatMap((name, n) =>
      Object.entries({ before, peak, after }).map(([when, values]) =>
        figure({
          ...{ bench: 'memory', figure: `${name} ${when}`, unit: 'MB', jobs: 2 * jobs },
          ...{
            of: 'a bare process with the same connections',
            reference: references[n] ?? NaN,
            value: values[n] ?? NaN,
          },
        }),
      ),
    );
  } finally {
    await database.end();
  }
}
