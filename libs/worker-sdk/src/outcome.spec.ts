import { describe, expect, it } from 'vitest';
import { JobError, StopRequest } from './errors.js';
import { outcomeOfError } from './outcome.js';

const running = new AbortController().signal;

/** An error with whatever fields a library may have put on it. */
const withFields = (message: string, fields: Record<string, unknown>): Error =>
  Object.assign(new Error(message), fields);

describe('an error of a processor', () => {
  it('keeps its code, and the table of codes says whether a retry helps', () => {
    expect(outcomeOfError(new JobError('INPUT_NOT_FOUND', 'no a.mp4'), running)).toEqual({
      kind: 'failed',
      code: 'INPUT_NOT_FOUND',
      message: 'no a.mp4',
      retryable: false,
    });
    expect(outcomeOfError(new JobError('DISK_FULL', 'full'), running)).toMatchObject({ retryable: true });
  });

  it('knows better than the table whether a retry helps', () => {
    expect(outcomeOfError(new JobError('DISK_FULL', 'quota', false), running)).toMatchObject({ retryable: false });
    expect(outcomeOfError(new JobError('INPUT_NOT_FOUND', 'not yet', true), running)).toMatchObject({
      retryable: true,
    });
  });

  it('may have a code that nobody knows: it is kept, and worth a retry', () => {
    expect(outcomeOfError(withFields('x', { code: 'QUOTA_EXCEEDED' }), running)).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      retryable: true,
    });
  });

  it('takes a retryable that is no boolean for none', () => {
    const error = withFields('x', { code: 'INPUT_UNREADABLE', retryable: 'yes' });
    expect(outcomeOfError(error, running)).toMatchObject({ retryable: false });
  });

  it.each(['ENOENT', 'ERR_INVALID_ARG_TYPE', 'invalid_type', '', 42, undefined])(
    'with the code %j is one that the processor did not expect',
    (code) => {
      expect(outcomeOfError(withFields('x', { code, retryable: false }), running)).toEqual({
        kind: 'failed',
        code: 'PROCESSOR_FAILED',
        message: 'x',
        retryable: true,
      });
    },
  );

  it('of a full disk is known as such', () => {
    expect(outcomeOfError(withFields('no space left', { code: 'ENOSPC' }), running)).toMatchObject({
      code: 'DISK_FULL',
      retryable: true,
    });
  });

  it.each([
    ['text', 'text'],
    [42, '42'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('may be no Error at all: %j', (thrown, message) => {
    expect(outcomeOfError(thrown, running)).toMatchObject({ kind: 'failed', code: 'PROCESSOR_FAILED', message });
  });

  it('has its message cut to a length that a log can bear', () => {
    const outcome = outcomeOfError(new Error('x'.repeat(100_000)), running);
    expect(outcome.kind === 'failed' && outcome.message).toBe('x'.repeat(4_000));
  });
});

describe('an error after a stop', () => {
  it.each(['cancelled', 'shutdown'] as const)('is a consequence of it: %s', (reason) => {
    const stopped = AbortSignal.abort(new StopRequest(reason));
    expect(outcomeOfError(new JobError('ENCODER_CRASHED', 'killed'), stopped)).toEqual({ kind: 'stopped', reason });
  });

  it('that gave no reason counts as cancelled', () => {
    expect(outcomeOfError(new Error('x'), AbortSignal.abort())).toEqual({ kind: 'stopped', reason: 'cancelled' });
  });
});
