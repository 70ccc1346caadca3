// A worker whose jobs do nothing: what is left is what Reelay itself costs.
import { defineJobType } from '@reelay/contracts';
import { defineWorker, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

/** @param {string} type @param {import('@reelay/contracts').ResourceCategory} category */
const noop = (type, category) => ({
  contract: defineJobType(type, {
    category,
    vramMb: 0,
    label: 'Nothing',
    shortDescription: 'Does nothing',
    description: 'Does nothing, for measurements.',
    parameters: z.object({ n: z.number() }),
    result: z.object({}),
  }),
  process: () => Promise.resolve({ destinationPaths: [], result: {} }),
});

await runWorker(
  defineWorker({
    app: 'bench-noop',
    version: '0.1.0',
    // The second one has a category to itself, which a measurement may close.
    prepare: () =>
      Promise.resolve({ processors: [noop('bench_noop', 'cpu'), noop('bench_waiting', 'gpu_ai')], features: [] }),
  }),
);
