// A worker whose jobs do nothing: what is left is what Reelay itself costs.
import { defineJobType } from '@reelay/contracts';
import { defineWorker, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

const noop = defineJobType('bench_noop', {
  category: 'cpu',
  vramMb: 0,
  label: 'Nothing',
  shortDescription: 'Does nothing',
  description: 'Does nothing, for measurements.',
  parameters: z.object({ n: z.number() }),
  result: z.object({}),
});

const processor = { contract: noop, process: () => Promise.resolve({ destinationPaths: [], result: {} }) };

await runWorker(
  defineWorker({
    app: 'bench-noop',
    version: '0.1.0',
    prepare: () => Promise.resolve({ processors: [processor], features: [] }),
  }),
);
