// From POST to completed at half of the throughput, at a steady pace, beside the bare loop at half of its own.
import { performance } from 'node:perf_hooks';
import { figure, percentiles } from './figures.mjs';
import { submit, watchCompletions } from './jobs.mjs';
import { ratesOf } from './throughput.mjs';

/** How often it is looked what is due. */
const TICK_MS = 1;
/** The first part of a run is not counted. */
const WARM_UP_SHARE = 0.1;

/**
 * Begins work at a steady pace: a slow answer delays none of the others. Each is timed from when it was due, so that
 * a client that falls behind does not hide how long things take.
 * @param {(n: number) => Promise<unknown>} work
 * @param {number} perSecond
 * @param {number} seconds
 * @returns {Promise<number[]>} ms, without the warm-up
 */
async function paced(work, perSecond, seconds) {
  const count = Math.ceil(perSecond * seconds);
  const start = performance.now();
  /** @type {Promise<number>[]} */
  const begun = [];
  while (begun.length < count) {
    const now = performance.now();
    for (;;) {
      const due = start + (begun.length / perSecond) * 1000;
      if (due > now || begun.length === count) break;
      begun.push(work(begun.length).then(() => performance.now() - due));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const times = await Promise.all(begun);
  return times.slice(Math.floor(count * WARM_UP_SHARE));
}

/** @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const { bare, amqpUrl, seconds } = context;
  const rates = await ratesOf(context);
  const [rate, bareRate] = [rates.single.completed / 2, rates.bare / 2];
  const ofBare = percentiles(await paced((n) => bare.run(n), bareRate, seconds));
  const watch = await watchCompletions(amqpUrl);
  try {
    const work = async (/** @type {number} */ n) => watch.completed(await submit(context, n));
    const reelay = percentiles(await paced(work, rate, seconds));
    const facts = {
      ...{ bench: 'half-load', unit: 'ms', of: 'the bare loop at half of its own throughput', seconds },
      ...{ perSecond: Math.round(rate), barePerSecond: Math.round(bareRate) },
    };
    return [
      figure({ ...facts, figure: 'p50', value: reelay.p50, reference: ofBare.p50 }),
      figure({ ...facts, figure: 'p99', value: reelay.p99, reference: ofBare.p99 }),
    ];
  } finally {
    await watch.close();
  }
}
