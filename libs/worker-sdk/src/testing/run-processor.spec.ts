import { existsSync } from 'node:fs';
import { defineJobType } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JobError, StopRequest } from '../errors.js';
import type { JobContext, JobProcessor, Order } from '../processor.js';
import { runProcessor } from './index.js';

const repeatWord = defineJobType('repeat_word', {
  category: 'cpu',
  vramMb: 0,
  label: 'Repeat a word',
  shortDescription: 'Repeats a word',
  description: 'Repeats a word.',
  parameters: z.strictObject({ word: z.string(), times: z.number().default(2) }),
  result: z.object({ text: z.string(), length: z.int().optional() }),
});

type Process = JobProcessor<typeof repeatWord>['process'];

const processing = (process: Process): JobProcessor<typeof repeatWord> => ({ contract: repeatWord, process });

const repeating = processing(({ parameters: { word, times } }, job) => {
  job.progress({ percent: 50, phase: 'repeat' });
  job.log(`repeating ${word}`);
  return Promise.resolve({ destinationPaths: ['a.txt'], result: { text: word.repeat(times) } });
});

describe('runProcessor', () => {
  it('fills in defaults and gives the outcome, the progress and the log', async () => {
    expect(await runProcessor(repeating, { word: 'ha' })).toEqual({
      outcome: { kind: 'completed', destinationPaths: ['a.txt'], result: { text: 'haha' } },
      progress: [{ percent: 50, phase: 'repeat' }],
      log: ['repeating ha'],
    });
  });

  it('refuses parameters as a worker does, and does not start', async () => {
    const { outcome, log } = await runProcessor(repeating, { word: 1 } as unknown as { word: string });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'INVALID_PARAMETERS', retryable: false });
    expect(log).toEqual([]);
  });

  it('turns what is thrown into an outcome', async () => {
    const failing = processing(() => Promise.reject(new JobError('DISK_FULL', 'no room')));
    expect((await runProcessor(failing, { word: 'x' })).outcome).toEqual({
      kind: 'failed',
      code: 'DISK_FULL',
      message: 'no room',
      retryable: true,
    });
  });

  it('fails a result that is not what the contract promises', async () => {
    const lying = processing(() =>
      Promise.resolve({ destinationPaths: [], result: { text: 7 } as unknown as { text: string } }),
    );
    expect((await runProcessor(lying, { word: 'x' })).outcome).toMatchObject({
      kind: 'failed',
      code: 'PROCESSOR_FAILED',
    });
  });

  it('gives a private folder for the time of the work', async () => {
    let seen: { order: Order<typeof repeatWord>; job: JobContext; existed: boolean } | undefined;
    const looking = processing((order, job) => {
      seen = { order, job, existed: existsSync(job.workDir) };
      return Promise.resolve({ destinationPaths: [], result: { text: '' } });
    });
    await runProcessor(looking, { word: 'x' });
    expect(seen?.existed).toBe(true);
    expect(existsSync(seen!.job.workDir)).toBe(false);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const waiting = processing(
      (_, job) =>
        new Promise((_resolve, reject) => {
          job.signal.addEventListener('abort', () => {
            reject(new Error('interrupted'));
          });
          job.progress({ percent: 1 });
        }),
    );
    const { outcome } = await runProcessor(
      waiting,
      { word: 'x' },
      {
        signal: controller.signal,
        onProgress: () => {
          controller.abort(new StopRequest('shutdown'));
        },
      },
    );
    expect(outcome).toEqual({ kind: 'stopped', reason: 'shutdown' });
  });
});
