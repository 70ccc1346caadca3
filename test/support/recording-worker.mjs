// A worker that notes in RUNS_FILE what it really does, one JSON line each, whatever becomes of its answers.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJobType } from '@reelay/contracts';
import { defineWorker, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

const recorded = defineJobType('recorded', {
  category: 'cpu',
  vramMb: 0,
  label: 'Recorded work',
  shortDescription: 'Notes that it ran',
  description: 'Takes as long as it says, and notes on disk that it ran.',
  parameters: z.object({ n: z.number(), ms: z.number() }),
  result: z.object({ n: z.number() }),
});

/** @param {'begun' | 'done'} what @param {number} n @param {number} attempt */
const note = (what, n, attempt) =>
  appendFileSync(process.env.RUNS_FILE ?? '', `${JSON.stringify({ what, n, attempt })}\n`);

const processor = {
  contract: recorded,
  /**
   * @param {{ attemptId: number, parameters: { n: number, ms: number } }} order
   * @param {{ signal: AbortSignal, progress: (update: { percent: number }) => void }} job
   */
  async process({ attemptId, parameters: { n, ms } }, { signal, progress }) {
    note('begun', n, attemptId);
    progress({ percent: 50 });
    await sleep(ms, undefined, { signal });
    note('done', n, attemptId);
    return { destinationPaths: [], result: { n } };
  },
};

await runWorker(
  defineWorker({
    app: 'recording',
    version: '0.1.0',
    prepare: () => Promise.resolve({ processors: [processor], features: [] }),
  }),
);
