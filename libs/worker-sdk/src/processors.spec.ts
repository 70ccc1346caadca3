import { reencodeStreaming, thumbnailGenerate, validate, type JobContract } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { WorkerError } from './errors.js';
import type { JobProcessor } from './processor.js';
import { indexProcessors } from './processors.js';

const processorOf = (contract: JobContract): JobProcessor => ({
  contract,
  process: () => Promise.reject(new Error('never called')),
});

const index = (contracts: readonly JobContract[], only: readonly string[] | null = null): string[] => [
  ...indexProcessors({ app: 'worker-library' }, { processors: contracts.map(processorOf), features: [] }, only).keys(),
];

describe('indexProcessors', () => {
  it('finds each processor by its job type', () => {
    expect(index([validate, thumbnailGenerate])).toEqual(['validate', 'thumbnail_generate']);
  });

  it('serves only what was asked for', () => {
    expect(index([validate, thumbnailGenerate], ['thumbnail_generate'])).toEqual(['thumbnail_generate']);
  });

  it.each<[string, () => unknown, string]>([
    [
      'two processors of one job type',
      () => index([validate, thumbnailGenerate, validate]),
      'worker-library has two processors for job type validate: remove one of them',
    ],
    ['no processor at all', () => index([]), 'worker-library has no processor: return at least one from prepare()'],
    [
      'a job type that was asked for and is not there',
      () => index([validate, thumbnailGenerate], ['validate', reencodeStreaming.type, 'tag']),
      'WORKER_JOB_TYPES names reencode_streaming, tag, but worker-library serves validate, thumbnail_generate',
    ],
  ])('refuses %s, and names the fix', (_, start, message) => {
    expect(start).toThrow(WorkerError);
    expect(start).toThrow(message);
  });
});
