import {
  anyErrorMessage,
  completedMessage,
  EXCHANGE,
  logMessage,
  progressionMessage,
  readErrorMessage,
  stoppedMessage,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import { finalAnswer, logAnswer, progressionAnswer, type AnswerIdentity } from '@reelay/worker-sdk';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { golden, INSTANCE_ID, JOB_ID, onTheWire, queuesFor } from './golden.js';

const identity: AnswerIdentity = { attemptId: 1234, instanceId: INSTANCE_ID, correlationId: JOB_ID };
const at = new Date('2026-02-13T10:30:00.123Z');

interface Answer {
  readonly sent: OutgoingMessage;
  readonly queue: string;
  readonly schema: z.ZodType;
}

/** What the worker sends, the queue that gets it, and what the backend reads it with. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  completed: {
    sent: finalAnswer(
      identity,
      41,
      { kind: 'completed', destinationPaths: ['playback/a.mp4'], result: { width: 1280 } },
      12.3,
    ),
    queue: 'job_completed',
    schema: completedMessage,
  },
  'completed-confirmed': {
    sent: finalAnswer(
      identity,
      41,
      { kind: 'completed', destinationPaths: ['playback/a.mp4'], result: { width: 1280 } },
      12.3,
      true,
    ),
    queue: 'job_completed',
    schema: completedMessage,
  },
  'progression-0': {
    sent: progressionAnswer(identity, 1, { percent: 0 }, at),
    queue: 'job_progression',
    schema: progressionMessage,
  },
  'progression-25': {
    sent: progressionAnswer(
      identity,
      17,
      { percent: 25.7, phase: 'encode', fps: 92.1, speed: 3.8, etaSeconds: 41 },
      at,
    ),
    queue: 'job_progression',
    schema: progressionMessage,
  },
  error: {
    sent: finalAnswer(identity, 2, { kind: 'failed', code: 'INPUT_NOT_FOUND', message: 'why', retryable: false }, 0.8),
    queue: 'job_error',
    schema: anyErrorMessage,
  },
  stopped: {
    sent: finalAnswer(identity, 9, { kind: 'stopped', reason: 'cancelled' }, 3.5),
    queue: 'job_stopped',
    schema: stoppedMessage,
  },
  log: {
    sent: logAnswer(identity, [
      { at: '2026-02-13T10:30:00.123Z', line: 'encoding with libx264' },
      { at: '2026-02-13T10:30:01.456Z', line: '' },
    ]),
    queue: 'job_log',
    schema: logMessage,
  },
};

describe.each(Object.entries(ANSWERS))('%s', (name, { sent, queue, schema }) => {
  it('is what the worker sends', () => {
    expect(onTheWire(sent.content)).toStrictEqual(golden(name));
  });

  it('is read by the backend without a loss', () => {
    expect(schema.parse(golden(name))).toStrictEqual(golden(name));
  });

  it('goes to its queue, and is correlated with its order', () => {
    expect(sent.exchange).toBe(EXCHANGE.jobResponse);
    expect(sent.routingKey).toBe(queue);
    expect(queuesFor(sent.exchange, sent.routingKey)).toEqual([queue]);
    expect(sent.correlationId).toBe(JOB_ID);
  });
});

describe('the shapes of an error', () => {
  it.each([
    ['error', 1234],
    ['error-short', 1234],
    ['error-anonymous', null],
  ])('%s says which attempt failed, and why', (name, attemptId) => {
    const report = readErrorMessage(anyErrorMessage.parse(golden(name)));
    expect(report).toMatchObject({ attemptId, message: 'why' });
  });
});
