import {
  anyErrorMessage,
  completedMessage,
  decodeParameters,
  directMessage,
  discoveryMessage,
  instanceIdOf,
  jobEvent,
  libraryRequest,
  logMessage,
  orderMessage,
  progressionMessage,
  readErrorMessage,
  reencodeStreaming,
  statusMessage,
  stoppedMessage,
  terminatedMessage,
  workflowEvent,
} from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { toAnnouncement } from '../../apps/backend/dist/workers/workers.consumer.js';
import { validateOrder } from '../../libs/worker-sdk/dist/pipeline.js';
import { golden, goldenNames } from './golden.js';

/** What the receiving side reads each kind of message with, by the start of its name. */
const SCHEMAS: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^(mcai-)?order/, orderMessage],
  [/^(mcai-)?completed/, completedMessage],
  [/^(mcai-)?progression/, progressionMessage],
  [/^(mcai-)?error/, anyErrorMessage],
  [/^(mcai-)?stopped/, stoppedMessage],
  [/^log/, logMessage],
  [/^library-/, libraryRequest],
  [/^(mcai-)?discovery/, discoveryMessage],
  [/^(mcai-)?status/, statusMessage],
  [/^terminated/, terminatedMessage],
  [/^direct-/, directMessage],
  [/^job-event/, jobEvent],
  [/^workflow-event/, workflowEvent],
];

function schemaFor(name: string): z.ZodType {
  const found = SCHEMAS.find(([pattern]) => pattern.test(name));
  if (!found) throw new Error(`nobody reads ${name}: add its schema here`);
  return found[1];
}

/** The same message from a peer that is ahead of us: every object in it has a field more. */
function fromTheFuture(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromTheFuture);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, fromTheFuture(inner)] as const);
  return { ...Object.fromEntries(fields), x_not_yet_known: { since: 2 } };
}

describe('every message', () => {
  it.each(goldenNames)('%s is read', (name) => {
    expect(schemaFor(name).safeParse(golden(name)).error).toBeUndefined();
  });

  it.each(goldenNames)('%s is read when it has fields that nobody knows yet', (name) => {
    const schema = schemaFor(name);
    expect(schema.parse(fromTheFuture(golden(name)))).toMatchObject(schema.parse(golden(name)) as object);
  });

  it.each(goldenNames.filter((name) => 'reelay' in golden(name)))('%s is read without its own part', (name) => {
    const { reelay: _, ...plain } = golden(name);
    expect(schemaFor(name).safeParse(plain).error).toBeUndefined();
  });
});

describe('a peer that knows the protocol only', () => {
  const mcai = goldenNames.filter((name) => name.startsWith('mcai-'));

  it('sends no part of ours', () => {
    expect(mcai).not.toEqual([]);
    for (const name of mcai) expect(golden(name)).not.toHaveProperty('reelay');
  });

  it('sends orders that our workers perform, with its defaults where a value is null', () => {
    const processor = { contract: reencodeStreaming, process: () => Promise.reject(new Error('never called')) };
    expect(validateOrder(processor, orderMessage.parse(golden('mcai-order')))).toMatchObject({
      order: { attemptId: 1234, jobId: null, attempt: 1, parameters: { inputPath: 'inbox/a.mp4', crf: 30 } },
    });
  });

  it('completes with its parameters as the result', () => {
    const message = completedMessage.parse(golden('mcai-completed'));
    expect(message.destination_paths).toEqual(['/archive/a.srt']);
    expect(decodeParameters(message.parameters)).toEqual({ language: 'fr', segments: [{ start: 0, end: 4 }] });
  });

  it('fails with a message among its parameters', () => {
    expect(readErrorMessage(anyErrorMessage.parse(golden('mcai-error')))).toEqual({
      attemptId: 1234,
      message: 'why',
      code: null,
      retryable: null,
      instanceId: null,
      executionSeconds: 0.8,
      confirm: false,
    });
  });

  it('announces itself as a worker with one slot', () => {
    expect(toAnnouncement(discoveryMessage.parse(golden('mcai-discovery')))).toMatchObject({
      instanceId: '2856099cee46',
      jobType: 'speech_to_text',
      slots: 1,
      host: null,
      category: null,
    });
  });

  it.each(['mcai-status-idle', 'mcai-status-busy'])('%s says which instance lives', (name) => {
    expect(instanceIdOf(statusMessage.parse(golden(name)).worker)).toBe('2856099cee46');
  });
});
