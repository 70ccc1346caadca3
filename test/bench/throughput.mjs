// From accept to completed under load: jobs that do nothing, through the public API, beside the bare loop.
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { figure } from './figures.mjs';
import { allCompleted, countCompleted, inParallel, submit, submitBulk } from './jobs.mjs';

/** Jobs of one bulk submit. */
const BULK = 500;
/** Single submits that are under way at once. */
const CLIENTS = 32;
/** What the bare loop has in flight. */
const BARE_IN_FLIGHT = 200;

/**
 * Jobs a second.
 * @typedef {object} Rates
 * @property {Rate} bulk
 * @property {Rate} single
 * @property {number} bare
 *
 * @typedef {{ accepted: number, completed: number }} Rate
 */

/** @type {WeakMap<import('./benches.mjs').Context, Promise<Rates>>} */
const known = new WeakMap();

/** The rates of this run; measured when they are first asked for. @param {import('./benches.mjs').Context} context */
export function ratesOf(context) {
  const rates = known.get(context) ?? measureRates(context);
  known.set(context, rates);
  return rates;
}

/** @param {import('./benches.mjs').Context} context @param {number} jobs */
export async function submitInBulks(context, jobs) {
  for (let n = 0; n < jobs; n += BULK) await submitBulk(context, n, Math.min(BULK, jobs - n));
}

/** @param {import('./benches.mjs').Context} context @param {number} jobs */
export const submitOneByOne = (context, jobs) => inParallel((n) => submit(context, n), jobs, CLIENTS);

/** @param {import('./benches.mjs').Context} context @returns {Promise<Rates>} */
async function measureRates(context) {
  const { bare, databaseUrl, jobs } = context;
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const perSecond = (/** @type {number} */ ms) => (jobs / ms) * 1000;
  /** @param {(context: import('./benches.mjs').Context, jobs: number) => Promise<void>} submitAll @returns {Promise<Rate>} */
  const timed = async (submitAll) => {
    const before = await countCompleted(database);
    const start = performance.now();
    await submitAll(context, jobs);
    const accepted = performance.now();
    await allCompleted(database, before + jobs);
    return { accepted: perSecond(accepted - start), completed: perSecond(performance.now() - start) };
  };
  try {
    const bulk = await timed(submitInBulks);
    const single = await timed(submitOneByOne);
    const start = performance.now();
    await inParallel((n) => bare.run(n), jobs, BARE_IN_FLIGHT);
    return { bulk, single, bare: perSecond(performance.now() - start) };
  } finally {
    await database.end();
  }
}

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const { bulk, single, bare } = await ratesOf(context);
  const facts = { bench: 'throughput', unit: 'jobs/s', of: 'the bare loop', reference: bare, jobs: context.jobs };
  const limit = { atLeast: 0.5 };
  return [
    figure({ ...facts, figure: 'bulk', value: bulk.completed, limit, accepted: Math.round(bulk.accepted) }),
    figure({ ...facts, figure: 'single', value: single.completed, limit, accepted: Math.round(single.accepted) }),
  ];
}
