// A worker whose jobs hold their slot and their video memory for as long as they say.
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJobType } from '@reelay/contracts';
import { defineWorker, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

const holdVram = defineJobType('hold_vram', {
  category: 'gpu_ai',
  vramMb: 1000,
  label: 'Hold video memory',
  shortDescription: 'Holds what it is given',
  description: 'Holds its slot and its video memory for as long as it says.',
  parameters: z.object({ seconds: z.number() }),
  result: z.object({}),
});

const processor = {
  contract: holdVram,
  /** @param {{ parameters: { seconds: number } }} order @param {{ signal: AbortSignal }} job */
  async process({ parameters }, { signal }) {
    await sleep(parameters.seconds * 1000, undefined, { signal });
    return { destinationPaths: [], result: {} };
  },
};

await runWorker(
  defineWorker({
    app: 'holding',
    version: '0.1.0',
    prepare: () => Promise.resolve({ processors: [processor], features: [] }),
  }),
);
