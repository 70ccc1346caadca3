import {
  encodeParameters,
  EXCHANGE,
  QUEUE,
  type CompletedMessage,
  type ErrorMessage,
  type LogMessage,
  type ProgressionMessage,
  type StoppedMessage,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import type { Outcome } from './outcome.js';
import type { ProgressUpdate } from './processor.js';

/** Who answers, about which attempt. */
export interface AnswerIdentity {
  readonly attemptId: number;
  readonly instanceId: string;
  /** The order's correlation id, which every answer repeats. */
  readonly correlationId: string | null;
}

const toResponse = (identity: AnswerIdentity, routingKey: string, content: unknown): OutgoingMessage => ({
  exchange: EXCHANGE.jobResponse,
  routingKey,
  content,
  ...(identity.correlationId === null ? {} : { correlationId: identity.correlationId }),
});

/** A processor may measure what is no number yet (0/0, x/0): that has no form in JSON and is left out. */
const isMeasured = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value >= 0;

/** Where the work is; percent 0 claims the attempt. */
export function progressionAnswer(
  identity: AnswerIdentity,
  seq: number,
  update: ProgressUpdate,
  now: Date,
): OutgoingMessage {
  const content: ProgressionMessage = {
    job_id: identity.attemptId,
    datetime: now.toISOString(),
    docker_container_id: identity.instanceId,
    progression: Math.floor(update.percent),
    reelay: {
      instance_id: identity.instanceId,
      seq,
      ...(update.phase === undefined ? {} : { phase: update.phase }),
      ...(isMeasured(update.fps) ? { fps: update.fps } : {}),
      ...(isMeasured(update.speed) ? { speed: update.speed } : {}),
      ...(isMeasured(update.etaSeconds) ? { eta_s: update.etaSeconds } : {}),
    },
  };
  return toResponse(identity, QUEUE.jobProgression, content);
}

/** Lines for the job's log. */
export function logAnswer(identity: AnswerIdentity, lines: LogMessage['lines']): OutgoingMessage {
  const content: LogMessage = { job_id: identity.attemptId, lines };
  return toResponse(identity, QUEUE.jobLog, content);
}

/** How the attempt ended. @param confirm whether the backend is to say what became of the answer */
export function finalAnswer(
  identity: AnswerIdentity,
  seq: number,
  outcome: Outcome,
  executionSeconds: number,
  confirm = false,
): OutgoingMessage {
  const common = { job_id: identity.attemptId, execution_duration: executionSeconds };
  const own = { instance_id: identity.instanceId, seq, ...(confirm ? { confirm } : {}) };
  switch (outcome.kind) {
    case 'completed': {
      const content: CompletedMessage = {
        ...common,
        status: 'completed',
        destination_paths: [...outcome.destinationPaths],
        parameters: encodeParameters(outcome.result),
        reelay: { ...own, result: outcome.result },
      };
      return toResponse(identity, QUEUE.jobCompleted, content);
    }
    case 'failed': {
      const content: ErrorMessage = {
        ...common,
        status: 'error',
        destination_paths: [],
        parameters: encodeParameters({ message: outcome.message }),
        reelay: { ...own, code: outcome.code, retryable: outcome.retryable },
      };
      return toResponse(identity, QUEUE.jobError, content);
    }
    case 'stopped': {
      const content: StoppedMessage = {
        ...common,
        status: 'stopped',
        destination_paths: [],
        parameters: [],
        reelay: { ...own, reason: outcome.reason },
      };
      return toResponse(identity, QUEUE.jobStopped, content);
    }
  }
}
