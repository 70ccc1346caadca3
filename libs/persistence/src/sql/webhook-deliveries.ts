import type { DeliveryStatus } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** A delivery as it is on record. */
export interface DeliveryRecord {
  readonly id: string;
  readonly webhookId: string;
  readonly messageId: string;
  readonly event: string;
  readonly payload: Record<string, unknown>;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastAttemptAt: Date | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly replayOf: string | null;
  readonly createdAt: Date;
  /** As PostgreSQL prints it, for a cursor. */
  readonly place: string;
}

const COLUMNS = `d.id, d.webhook_id AS "webhookId", d.message_id AS "messageId", d.event, d.payload, d.status, d.attempts,
  d.next_attempt_at AS "nextAttemptAt", d.last_attempt_at AS "lastAttemptAt", d.response_status AS "responseStatus",
  d.response_body AS "responseBody", d.duration_ms AS "durationMs", d.error, d.replay_of AS "replayOf",
  d.created_at AS "createdAt", d.created_at::text AS place`;

/** Newest first. @param after the place of the last one of the page before */
export function listDeliveries(
  runner: SqlRunner,
  webhookId: string,
  wanted: {
    readonly status: readonly DeliveryStatus[] | undefined;
    readonly after: { readonly place: string; readonly id: string } | null;
    readonly limit: number;
  },
): Promise<DeliveryRecord[]> {
  const { status, after, limit } = wanted;
  return runner.query<DeliveryRecord[]>(
    `SELECT ${COLUMNS} FROM webhook_deliveries d
      WHERE d.webhook_id = $1 AND ($2::text[] IS NULL OR d.status = ANY ($2))
        AND ($3::timestamptz IS NULL OR (d.created_at, d.id) < ($3, $4::uuid))
      ORDER BY d.created_at DESC, d.id DESC LIMIT $5`,
    [webhookId, status ?? null, after?.place ?? null, after?.id ?? null, limit],
  );
}

/** Null when there is none. */
export async function findDelivery(runner: SqlRunner, id: string): Promise<DeliveryRecord | null> {
  const [delivery] = await runner.query<DeliveryRecord[]>(
    `SELECT ${COLUMNS} FROM webhook_deliveries d WHERE d.id = $1`,
    [id],
  );
  return delivery ?? null;
}

/** Adds a delivery that no change of a job made. @returns its id */
export async function addDelivery(
  runner: SqlRunner,
  delivery: Pick<DeliveryRecord, 'webhookId' | 'event' | 'payload'> &
    Partial<Pick<DeliveryRecord, 'messageId' | 'replayOf'>>,
): Promise<string> {
  const { webhookId, event, payload, messageId, replayOf } = delivery;
  const [row] = await runner.query<{ id: string }[]>(
    `INSERT INTO webhook_deliveries (webhook_id, event, payload, message_id, replay_of)
     VALUES ($1, $2, $3, coalesce($4, gen_random_uuid()), $5) RETURNING id`,
    [webhookId, event, JSON.stringify(payload), messageId ?? null, replayOf ?? null],
  );
  if (!row) throw new Error('the insert returned no row');
  return row.id;
}

/** A delivery that is to be tried now. */
export interface DueDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly messageId: string;
  readonly payload: Record<string, unknown>;
  /** This try included. */
  readonly attempts: number;
  readonly url: string;
  /** The newest first: each signs. */
  readonly secrets: string[];
}

/**
 * Takes deliveries that are due, the longest due first, a few of each webhook so that a slow one holds up no other. No
 * other process takes them meanwhile; one that dies leaves them to others after the lease.
 * @param busy webhooks that have enough under way
 */
export function takeDueDeliveries(
  runner: SqlRunner,
  limits: { readonly busy: readonly string[]; readonly ofEach: number; readonly leaseMs: number },
): Promise<DueDelivery[]> {
  return runner.query<DueDelivery[]>(
    `WITH due AS (
       SELECT d.id, w.url,
              array_remove(ARRAY[w.secret, CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END], NULL) AS secrets
         FROM webhooks w, LATERAL (
           SELECT id FROM webhook_deliveries
            WHERE webhook_id = w.id AND status = 'pending' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED) d
        WHERE w.enabled AND w.id <> ALL ($1::uuid[])
     ), taken AS (
       UPDATE webhook_deliveries d
          SET attempts = d.attempts + 1, last_attempt_at = now(), next_attempt_at = now() + $3 * interval '1 ms'
         FROM due WHERE d.id = due.id
       RETURNING d.id, d.webhook_id AS "webhookId", d.message_id AS "messageId", d.payload, d.attempts, due.url, due.secrets
     )
     SELECT * FROM taken`,
    [limits.busy, limits.ofEach, limits.leaseMs],
  );
}

/** How a try went. */
export interface DeliveryOutcome {
  readonly id: string;
  /** Of the try: the word of an earlier one changes nothing. */
  readonly attempts: number;
  readonly status: DeliveryStatus;
  /** How long until the next try; null when there is none. */
  readonly retryInMs: number | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly durationMs: number;
  readonly error: string | null;
  /** The receiver wants nothing more. */
  readonly gone: boolean;
}

/** Notes how a try went, on the delivery and its webhook. */
export async function noteDelivery(runner: SqlRunner, outcome: DeliveryOutcome): Promise<void> {
  const { id, attempts, status, retryInMs, responseStatus, responseBody, durationMs, error, gone } = outcome;
  await runner.query(
    `WITH noted AS (
       UPDATE webhook_deliveries
          SET status = $3, next_attempt_at = now() + $4::float8 * interval '1 ms', response_status = $5,
              response_body = $6, duration_ms = $7, error = $8
        WHERE id = $1 AND attempts = $2 AND status = 'pending'
       RETURNING webhook_id
     )
     UPDATE webhooks w
        SET last_delivered_at = CASE WHEN $3 = 'delivered' THEN now() ELSE w.last_delivered_at END,
            failing_since = CASE WHEN $3 = 'delivered' THEN NULL ELSE coalesce(w.failing_since, now()) END,
            enabled = w.enabled AND NOT $9
       FROM noted WHERE w.id = noted.webhook_id`,
    [id, attempts, status, retryInMs, responseStatus, responseBody, durationMs, error, gone],
  );
}

/** What is to be sent next. */
export interface DeliveryOutlook {
  /** Whether any webhook is told anything: else there is nothing to look for. */
  readonly hasWebhooks: boolean;
  /** When the next delivery is due; null when none waits. */
  readonly nextAt: Date | null;
}

/** What is to be sent next. @param busy webhooks whose deliveries do not count */
export async function readDeliveryOutlook(runner: SqlRunner, busy: readonly string[]): Promise<DeliveryOutlook> {
  const [row] = await runner.query<DeliveryOutlook[]>(
    `SELECT count(*) > 0 AS "hasWebhooks", min(d.at) FILTER (WHERE w.id <> ALL ($1::uuid[])) AS "nextAt"
       FROM webhooks w, LATERAL (
         SELECT min(next_attempt_at) AS at FROM webhook_deliveries WHERE webhook_id = w.id AND status = 'pending') d
      WHERE w.enabled`,
    [busy],
  );
  return row ?? { hasWebhooks: false, nextAt: null };
}

/** Deletes deliveries that are over and older than this, a batch at a time. @returns how many */
export async function forgetDeliveries(runner: SqlRunner, olderThanMs: number, limit: number): Promise<number> {
  const gone = await runner.query<unknown[]>(
    `WITH gone AS (
       DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries
          WHERE created_at < now() - $1 * interval '1 ms' AND status <> 'pending' ORDER BY created_at LIMIT $2)
       RETURNING 1)
     SELECT * FROM gone`,
    [olderThanMs, limit],
  );
  return gone.length;
}
