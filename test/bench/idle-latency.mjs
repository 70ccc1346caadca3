// From POST to completed on an idle stack, for a job that does nothing, beside the bare loop.
import { performance } from 'node:perf_hooks';
import { figure, percentiles } from './figures.mjs';
import { submit, watchCompletions } from './jobs.mjs';

const WARM_UP = 30;

/** @param {() => Promise<void>} work */
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Times both, turn by turn, so that whatever else the machine does falls on both. @type {import('./benches.mjs').Measure} */
export async function measure(context) {
  const { bare, samples } = context;
  const watch = await watchCompletions(context.amqpUrl);
  /** @type {{ reelay: number[], bare: number[] }} */
  const times = { reelay: [], bare: [] };
  try {
    for (let n = 0; n < samples + WARM_UP; n++) {
      const ofBare = await timed(() => bare.run(n));
      const ofReelay = await timed(async () => void (await watch.completed(await submit(context, n))));
      if (n < WARM_UP) continue;
      times.bare.push(ofBare);
      times.reelay.push(ofReelay);
    }
  } finally {
    await watch.close();
  }
  const [reelay, reference] = [percentiles(times.reelay), percentiles(times.bare)];
  const facts = { bench: 'idle-latency', unit: 'ms', of: 'the bare loop', samples };
  return [
    figure({ ...facts, figure: 'p50', value: reelay.p50, reference: reference.p50, limit: { atMost: 3 } }),
    figure({ ...facts, figure: 'p99', value: reelay.p99, reference: reference.p99, limit: { atMost: 4 } }),
  ];
}
