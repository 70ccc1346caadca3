import { z } from 'zod';
import { attemptId } from './order.js';
import { wireParameter } from './parameters.js';

/** Rises within an attempt, so that late answers are known as such. */
const seq = z.int().nonnegative();

const answerExtension = { instance_id: z.string().optional(), seq: seq.optional() };

/** Of answers that end an attempt. */
const finalExtension = {
  ...answerExtension,
  confirm: z.boolean().optional().describe('The worker waits for `answer_taken` before it cleans up or undoes'),
};

/** Worker to backend: the work is done and its outputs are in place. */
export const completedMessage = z.object({
  job_id: attemptId,
  status: z.literal('completed'),
  destination_paths: z.array(z.string()).default([]),
  execution_duration: z.number().nonnegative().default(0).describe('Seconds'),
  parameters: z.array(wireParameter).default([]),
  reelay: z
    .object({
      ...finalExtension,
      result: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});
export type CompletedMessage = z.infer<typeof completedMessage>;

/** Worker to backend: where the work is. Progression 0 means "claimed and running". */
export const progressionMessage = z.object({
  job_id: attemptId,
  datetime: z.string(),
  docker_container_id: z.string().describe("The worker's instance id"),
  progression: z.number().min(0).max(100).describe('Percent'),
  reelay: z
    .object({
      ...answerExtension,
      phase: z.string().optional(),
      fps: z.number().nonnegative().optional(),
      speed: z.number().nonnegative().optional().describe('Media seconds per second'),
      eta_s: z.number().nonnegative().optional(),
    })
    .optional(),
});
export type ProgressionMessage = z.infer<typeof progressionMessage>;

/** The first of the three shapes that an error has in the field; the one that Reelay sends. */
export const errorMessage = z.object({
  job_id: attemptId,
  status: z.literal('error'),
  destination_paths: z.array(z.string()).default([]),
  execution_duration: z.number().nonnegative().default(0).describe('Seconds'),
  parameters: z.array(wireParameter).default([]),
  reelay: z.object({ ...finalExtension, code: z.string().optional(), retryable: z.boolean().optional() }).optional(),
});
export type ErrorMessage = z.infer<typeof errorMessage>;

const shortError = z.object({ job_id: attemptId, error: z.string() });
const anonymousError = z.object({ status: z.literal('error'), message: z.string() });

/** Any of the three shapes of an error; the last one names no attempt. */
export const anyErrorMessage = z.union([errorMessage, shortError, anonymousError]);

/** What the three shapes of an error have in common. */
export interface ErrorReport {
  /** Null for the shape that names no attempt: match it by the message's correlation id. */
  readonly attemptId: number | null;
  readonly message: string;
  readonly code: string | null;
  readonly retryable: boolean | null;
  readonly instanceId: string | null;
  readonly executionSeconds: number | null;
  /** Whether its worker waits to hear what became of it. */
  readonly confirm: boolean;
}

const MESSAGE_PARAMETER = 'message';
const UNEXPLAINED = 'the worker gave no reason';

/** Brings any shape of an error into one. Its message is the parameter `message`, else all parameters. */
export function readErrorMessage(message: z.infer<typeof anyErrorMessage>): ErrorReport {
  const plain = { code: null, retryable: null, instanceId: null, executionSeconds: null, confirm: false };
  if ('error' in message) return { ...plain, attemptId: message.job_id, message: message.error };
  if ('message' in message) return { ...plain, attemptId: null, message: message.message };
  const named = message.parameters.find(({ id }) => id === MESSAGE_PARAMETER)?.value;
  const all = message.parameters.map(({ id, value }) => `${id}: ${asText(value)}`).join('; ');
  return {
    attemptId: message.job_id,
    message: typeof named === 'string' && named !== '' ? named : all || UNEXPLAINED,
    code: message.reelay?.code ?? null,
    retryable: message.reelay?.retryable ?? null,
    instanceId: message.reelay?.instance_id ?? null,
    executionSeconds: message.execution_duration,
    confirm: message.reelay?.confirm ?? false,
  };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Worker to backend: the work was stopped because it was asked to. */
export const stoppedMessage = z.object({
  job_id: attemptId,
  status: z.literal('stopped'),
  destination_paths: z.array(z.string()).default([]),
  execution_duration: z.number().nonnegative().default(0).describe('Seconds'),
  parameters: z.array(wireParameter).default([]),
  reelay: z
    .object({ ...finalExtension, reason: z.enum(['cancelled', 'shutdown', 'lost_claim']).optional() })
    .optional(),
});
export type StoppedMessage = z.infer<typeof stoppedMessage>;

/** Worker to backend, Reelay's own: lines for the job's log, oldest first. */
export const logMessage = z.object({
  job_id: attemptId,
  lines: z.array(z.object({ at: z.iso.datetime(), line: z.string() })).min(1),
});
export type LogMessage = z.infer<typeof logMessage>;
