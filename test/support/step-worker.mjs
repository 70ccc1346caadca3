// A worker whose jobs give, fail and wait as their parameters say. It notes in RUNS_FILE what it really does, one JSON
// line each, whatever becomes of its answers.
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJobType } from '@reelay/contracts';
import { defineWorker, JobError, runWorker } from '@reelay/worker-sdk';
import { z } from 'zod';

const GATE_LOOK_MS = 50;

const stepWork = defineJobType('step_work', {
  category: 'cpu',
  vramMb: 0,
  label: 'Work of a step',
  shortDescription: 'Does what it is told to',
  description: 'Waits for its gate, then gives or fails as it says.',
  parameters: z.strictObject({
    name: z.string(),
    gate: z.string().optional().describe('A file beside RUNS_FILE that must be there before it goes on'),
    gives: z.record(z.string(), z.unknown()).optional(),
    fails: z.string().optional().describe('The code of its error'),
    retryable: z.boolean().optional(),
    makes: z.array(z.string()).optional().describe('What it says that it made'),
    pathOf: z.string().optional().describe('A video to be told of in the records'),
  }),
  result: z.looseObject({}),
});

const file = process.env.RUNS_FILE ?? '';
/** @param {string} what @param {string} name */
const note = (what, name) => appendFileSync(file, `${JSON.stringify({ what, name })}\n`);

const processor = {
  contract: stepWork,
  /**
   * @param {{ parameters: z.output<typeof stepWork.parameters> }} order
   * @param {{ signal: AbortSignal }} job
   */
  async process({ parameters: { name, gate, gives, fails, retryable, makes, pathOf } }, { signal }) {
    note('begun', name);
    while (gate !== undefined && !existsSync(`${file}.${gate}`)) await sleep(GATE_LOOK_MS, undefined, { signal });
    if (fails !== undefined) throw new JobError(fails, `${name} fails as it was told to`, retryable ?? false);
    note('done', name);
    const videos = pathOf === undefined ? {} : { videos: [{ path: pathOf, valid: true }] };
    return { destinationPaths: makes ?? [], result: { name, ...gives, ...videos } };
  },
};

await runWorker(
  defineWorker({
    app: 'steps',
    version: '0.1.0',
    prepare: () => Promise.resolve({ processors: [processor], features: [] }),
  }),
);
