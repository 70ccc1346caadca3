import { encodeParameters, reencodeStreaming, type OrderMessage } from '@reelay/contracts';
import { UnreadableMessageError } from '@reelay/messaging';
import { describe, expect, it } from 'vitest';
import { decodeOrder, validateOrder } from './pipeline.js';
import type { JobProcessor } from './processor.js';

const processor: JobProcessor<typeof reencodeStreaming> = {
  contract: reencodeStreaming,
  process: () => Promise.reject(new Error('never called')),
};

const order = (parameters: Record<string, unknown>, reelay?: OrderMessage['reelay']): OrderMessage => ({
  job_id: 1234,
  parameters: encodeParameters(parameters),
  ...(reelay ? { reelay } : {}),
});

describe('decodeOrder', () => {
  it('reads an order that holds no more than the protocol asks for', () => {
    expect(decodeOrder(Buffer.from('{"job_id":1,"parameters":[]}'))).toEqual({ job_id: 1, parameters: [] });
  });

  it('refuses what is no order', () => {
    expect(() => decodeOrder(Buffer.from('{"parameters":[]}'))).toThrow(UnreadableMessageError);
  });
});

describe('validateOrder', () => {
  it('fills in defaults', () => {
    expect(validateOrder(processor, order({ inputPath: 'a.mp4', crf: 30 }))).toEqual({
      order: {
        attemptId: 1234,
        jobId: null,
        attempt: 1,
        device: null,
        parameters: {
          inputPath: 'a.mp4',
          targetBitrate: 2000,
          preset: 'medium',
          crf: 30,
          force: false,
        },
      },
    });
  });

  it('says which job and which try it is, where the order says so', () => {
    const job = '770e8400-e29b-41d4-a716-446655440002';
    const message = order({ inputPath: 'a.mp4' }, { job, attempt: 2, type: 'reencode_streaming' });
    expect(validateOrder(processor, message)).toMatchObject({ order: { jobId: job, attempt: 2 } });
  });

  it('says which device is meant for it, where the order says so', () => {
    const job = '770e8400-e29b-41d4-a716-446655440002';
    const message = order({ inputPath: 'a.mp4' }, { job, attempt: 1, type: 'reencode_streaming', device: 'gpu1' });
    expect(validateOrder(processor, message)).toMatchObject({ order: { device: 'gpu1' } });
  });

  it('fails at once, with each fault, when the parameters do not fit', () => {
    const validated = validateOrder(processor, order({ inputPath: '../a.mp4', crf: 99 }));
    expect(validated).toMatchObject({ outcome: { kind: 'failed', code: 'INVALID_PARAMETERS', retryable: false } });
    const { message } = (validated as { outcome: { message: string } }).outcome;
    expect(message).toContain('inputPath: must not contain ".."');
    expect(message).toContain('crf: ');
  });

  it('fails when a parameter is unknown', () => {
    expect(validateOrder(processor, order({ inputPath: 'a.mp4', codec: 'av1' }))).toMatchObject({
      outcome: { code: 'INVALID_PARAMETERS', message: expect.stringMatching(/^parameters: .*codec/) as string },
    });
  });
});
