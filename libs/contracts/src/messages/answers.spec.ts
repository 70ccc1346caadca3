import { describe, expect, it } from 'vitest';
import { anyErrorMessage, logMessage, progressionMessage, readErrorMessage, type ErrorReport } from './answers.js';

const report = (message: unknown): ErrorReport => readErrorMessage(anyErrorMessage.parse(message));

const NOTHING_ELSE = { code: null, retryable: null, instanceId: null, executionSeconds: null, confirm: false };

describe('readErrorMessage', () => {
  it('reads the full shape', () => {
    expect(
      report({
        job_id: 1234,
        status: 'error',
        destination_paths: [],
        execution_duration: 0.8,
        parameters: [{ id: 'message', type: 'string', value: 'why' }],
        reelay: { code: 'INPUT_NOT_FOUND', retryable: false, instance_id: 'w-1', seq: 3, confirm: true },
      }),
    ).toEqual({
      attemptId: 1234,
      message: 'why',
      code: 'INPUT_NOT_FOUND',
      retryable: false,
      instanceId: 'w-1',
      executionSeconds: 0.8,
      confirm: true,
    });
  });

  it('reads the full shape of a worker that knows the protocol only', () => {
    const message = {
      job_id: 1,
      status: 'error',
      destination_paths: [],
      execution_duration: 2.5,
      parameters: [{ id: 'message', type: 'string', value: 'why', store: null, default: null }],
    };
    expect(report(message)).toEqual({ ...NOTHING_ELSE, attemptId: 1, message: 'why', executionSeconds: 2.5 });
  });

  it('reads the short shape', () => {
    expect(report({ job_id: 1234, error: 'why' })).toEqual({ ...NOTHING_ELSE, attemptId: 1234, message: 'why' });
  });

  it('reads the shape that names no attempt', () => {
    expect(report({ status: 'error', message: 'why' })).toEqual({ ...NOTHING_ELSE, attemptId: null, message: 'why' });
  });

  const withParameters = (...parameters: { id: string; type: string; value?: unknown }[]): string =>
    report({ job_id: 1, status: 'error', parameters }).message;

  it('takes the parameter named message among several', () => {
    const message = { id: 'message', type: 'string', value: 'why' };
    expect(withParameters({ id: 'exit_code', type: 'integer', value: 1 }, message)).toBe('why');
  });

  it('takes all parameters where none is a message', () => {
    expect(
      withParameters({ id: 'exit_code', type: 'integer', value: 1 }, { id: 'stage', type: 'string', value: 'mux' }),
    ).toBe('exit_code: 1; stage: mux');
    expect(withParameters({ id: 'message', type: 'json', value: { at: 3 } })).toBe('message: {"at":3}');
  });

  it('says so when there is no reason at all', () => {
    expect(withParameters()).toBe('the worker gave no reason');
    expect(report({ job_id: 1, status: 'error' }).message).toBe('the worker gave no reason');
  });

  it.each([{}, { job_id: 1 }, { job_id: 0, error: 'why' }, { status: 'completed', job_id: 1 }, 'error', null])(
    '%j is no error message',
    (message) => {
      expect(anyErrorMessage.safeParse(message).success).toBe(false);
    },
  );
});

describe('progressionMessage', () => {
  const message = { job_id: 1, datetime: '2026-02-13T10:30:00Z', docker_container_id: 'w-1', progression: 0 };

  it.each([0, 0.5, 100])('takes %d percent', (progression) => {
    expect(progressionMessage.safeParse({ ...message, progression }).success).toBe(true);
  });

  it.each([-1, 101, null, '50'])('refuses %j percent', (progression) => {
    expect(progressionMessage.safeParse({ ...message, progression }).success).toBe(false);
  });

  it.each([0, -1, 1.5, '1', Number.MAX_SAFE_INTEGER + 1])('refuses %j as the id of an attempt', (job_id) => {
    expect(progressionMessage.safeParse({ ...message, job_id }).success).toBe(false);
  });
});

describe('logMessage', () => {
  it('holds at least one line, each with its time', () => {
    const line = { at: '2026-02-13T10:30:00.123Z', line: '' };
    expect(logMessage.safeParse({ job_id: 1, lines: [line] }).success).toBe(true);
    expect(logMessage.safeParse({ job_id: 1, lines: [] }).success).toBe(false);
    expect(logMessage.safeParse({ job_id: 1, lines: [{ ...line, at: 'now' }] }).success).toBe(false);
  });
});
