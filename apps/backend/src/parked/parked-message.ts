import { createHash } from 'node:crypto';
import { PARKED_BODY_CHARACTERS, type ChooseParkedBody, type ParkedMessage } from '@reelay/contracts';
import type { StoredMessage } from '@reelay/messaging';

/** Bytes that hold the shown characters in any case: UTF-8 has four of them at most for one. */
const SHOWN_BYTES = 4 * PARKED_BODY_CHARACTERS;

/** What the broker notes of a message that it moved itself (RabbitMQ's `x-death`). */
interface Death {
  readonly queue?: unknown;
  readonly reason?: unknown;
  readonly exchange?: unknown;
  readonly 'routing-keys'?: unknown;
  readonly time?: unknown;
}

/** Why the broker itself moves a message to the parking queues. */
const DEATHS: Readonly<Record<string, string>> = {
  rejected: 'rejected: it could not be read',
  delivery_limit: 'delivered too often without being settled',
  expired: 'expired',
  maxlen: 'its queue was full',
};

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Reads a parked message. The backend parks with the facts in headers of its own; the broker notes them in `x-death`.
 */
export function readParked(message: StoredMessage, parkedIn: ParkedMessage['parkedIn']): ParkedMessage {
  const { content, headers, timestamp } = message;
  const death = ((headers['x-death'] as Death[] | undefined) ?? [])[0];
  const reason = textOrNull(headers['x-reelay-reason']);
  return {
    id: message.messageId ?? digestOf(content, timestamp),
    parkedIn,
    ...(reason === null ? originByBroker(death) : { reason, ...originByBackend(headers) }),
    size: content.length,
    body: content.subarray(0, SHOWN_BYTES).toString('utf8').slice(0, PARKED_BODY_CHARACTERS),
    correlationId: message.correlationId,
    parkedAt: timeOf(death?.time ?? timestamp),
  };
}

/** Whether an operator's choice includes the message. */
export const isChosen = ({ ids, reason }: ChooseParkedBody, message: ParkedMessage): boolean =>
  (ids?.includes(message.id) ?? true) && (reason === undefined || message.reason.includes(reason));

type Origin = Pick<ParkedMessage, 'queue' | 'exchange' | 'routingKey'>;

const originByBackend = (headers: Record<string, unknown>): Origin => ({
  queue: textOrNull(headers['x-reelay-queue']),
  exchange: textOrNull(headers['x-reelay-exchange']),
  routingKey: textOrNull(headers['x-reelay-routing-key']),
});

function originByBroker(death: Death | undefined): Origin & { reason: string } {
  const cause = textOrNull(death?.reason) ?? 'unknown';
  const keys: unknown[] = Array.isArray(death?.['routing-keys']) ? death['routing-keys'] : [];
  return {
    queue: textOrNull(death?.queue),
    reason: DEATHS[cause] ?? cause,
    exchange: textOrNull(death?.exchange),
    routingKey: textOrNull(keys[0]),
  };
}

/** The names of messages of other makes, which carry none. */
const digestOf = (content: Buffer, timestamp: number | null): string =>
  createHash('sha256').update(content).update(String(timestamp)).digest('hex').slice(0, 32);

/** AMQP counts seconds; amqplib wraps those of headers. */
function timeOf(value: unknown): string | null {
  const seconds = typeof value === 'number' ? value : (value as { value?: unknown } | undefined)?.value;
  return typeof seconds === 'number' ? new Date(seconds * 1_000).toISOString() : null;
}
