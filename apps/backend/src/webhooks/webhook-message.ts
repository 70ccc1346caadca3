import { createHmac, randomBytes } from 'node:crypto';

/** Marks a text as a secret of this kind, for people and for scanners of leaked secrets. */
const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new key for signatures, as Standard Webhooks writes it. */
export const newSecret = (): string => SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/** One try to tell a webhook something. */
export interface WebhookMessage {
  readonly messageId: string;
  readonly sentAt: Date;
  readonly body: string;
  /** Each signs it. */
  readonly secrets: readonly string[];
}

/**
 * The headers of a message: the same id for every try, the time of the try in seconds, and for each
 * secret `v1,` with the HMAC-SHA256 over `id.time.body` in base64, of which one has to fit. A receiver that checks the time as well cannot be sent an old message again.
 * Source: Standard Webhooks 1.0.
 */
export function webhookHeaders({ messageId, sentAt, body, secrets }: WebhookMessage): Record<string, string> {
  const id = `msg_${messageId}`;
  const time = String(Math.floor(sentAt.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`;
  });
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Reelay-Webhooks',
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': signatures.join(' '),
  };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long to wait after each try that did not go well: soon for a restart, then for as long as an outage may last. */
const RETRY_DELAYS_MS = [
  ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE],
  ...[HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR],
];
/** Share of the delay that chance adds, so that a receiver which comes back is not asked by all at once. */
const JITTER = 0.1;

/**
 * How long to wait for the next try; null when there is none.
 * @param attempts tries so far
 * @param chance 0 to 1
 */
export function retryDelayMs(attempts: number, chance: number): number | null {
  const delay = RETRY_DELAYS_MS[attempts - 1];
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * chance));
}
