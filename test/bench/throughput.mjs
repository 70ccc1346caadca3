// From accept to completed under load: jobs that do nothing, through the public API, beside the bare loop.
import { performance } from 'node:perf_hooks';
import pg from 'pg';

const POLL_MS = 50;
const BULK = 500;

/** @param {number} value */
const round = (value) => Math.round(value);

/**
 * @param {{ apiUrl: string, token: string }} api
 * @param {string} path
 * @param {unknown} body
 */
async function post({ apiUrl, token }, path, body) {
  const response = await fetch(`${apiUrl}/api/media/jobs${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201)
    throw new Error(`POST ${path} was answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

/**
 * Waits until all jobs of a type are completed.
 * @param {pg.Client} database
 * @param {number} count
 */
async function allCompleted(database, count) {
  for (;;) {
    const { rows } = await database.query(
      "SELECT count(*)::int AS n FROM jobs WHERE type = 'bench_noop' AND status = 'completed'",
    );
    if (rows[0].n >= count) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * @param {(n: number) => Promise<unknown>} work
 * @param {number} count
 * @param {number} atOnce
 */
async function inParallel(work, count, atOnce) {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

/**
 * Jobs a second, bulk and single submits, beside the bare loop with as much in flight.
 * @param {{ apiUrl: string, token: string, databaseUrl: string, jobs: number, bare: { run: (n: number) => Promise<void> } }} options
 */
export async function measureThroughput({ apiUrl, token, databaseUrl, jobs, bare }) {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const { rows } = await database.query(
    "SELECT count(*)::int AS n FROM jobs WHERE type = 'bench_noop' AND status = 'completed'",
  );
  let done = rows[0].n;
  const job = (/** @type {number} */ n) => ({ type: 'bench_noop', params: { n } });
  /** @param {() => Promise<void>} submit */
  const timed = async (submit) => {
    const start = performance.now();
    await submit();
    const accepted = performance.now();
    await allCompleted(database, (done += jobs));
    const end = performance.now();
    return {
      acceptedPerSecond: round((jobs / (accepted - start)) * 1000),
      completedPerSecond: round((jobs / (end - start)) * 1000),
    };
  };
  try {
    const bulk = await timed(async () => {
      for (let n = 0; n < jobs; n += BULK) {
        await post({ apiUrl, token }, '/bulk', {
          jobs: Array.from({ length: Math.min(BULK, jobs - n) }, (_, k) => job(n + k)),
        });
      }
    });
    const single = await timed(() => inParallel((n) => post({ apiUrl, token }, '', job(n)), jobs, 32));
    const start = performance.now();
    await inParallel((n) => bare.run(n), jobs, 200);
    const barePerSecond = round((jobs / (performance.now() - start)) * 1000);
    return {
      bench: 'throughput_per_second',
      what: 'from accept to completed, jobs that do nothing',
      jobs,
      bulk,
      single,
      bare: barePerSecond,
      ratio: {
        bulk: Math.round((bulk.completedPerSecond / barePerSecond) * 100) / 100,
        single: Math.round((single.completedPerSecond / barePerSecond) * 100) / 100,
      },
    };
  } finally {
    await database.end();
  }
}
