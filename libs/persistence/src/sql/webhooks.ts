import type { SqlRunner } from './statement.js';

/** A webhook as it is on record. */
export interface WebhookRecord {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly events: string[];
  readonly jobTypes: string[] | null;
  readonly enabled: boolean;
  /** It is told of this workflow only. */
  readonly workflowId: string | null;
  readonly createdAt: Date;
  readonly lastDeliveredAt: Date | null;
  readonly failingSince: Date | null;
  /** Deliveries that wait to be sent. */
  readonly waiting: number;
}

/** What can be set of a webhook. */
export type WebhookSettings = Pick<WebhookRecord, 'url' | 'description' | 'events' | 'jobTypes' | 'enabled'>;

const COLUMNS = `w.id, w.url, w.description, w.events, w.job_types AS "jobTypes", w.enabled, w.workflow_id AS "workflowId",
  w.created_at AS "createdAt", w.last_delivered_at AS "lastDeliveredAt", w.failing_since AS "failingSince",
  (SELECT count(*)::float8 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending') AS waiting`;

/** Those of a workflow, or null for those of none; the oldest first. */
export const listWebhooks = (runner: SqlRunner, workflowId: string | null): Promise<WebhookRecord[]> =>
  runner.query<WebhookRecord[]>(
    `SELECT ${COLUMNS} FROM webhooks w WHERE w.workflow_id IS NOT DISTINCT FROM $1 ORDER BY w.created_at, w.id`,
    [workflowId],
  );

/** Null when there is none. */
export async function findWebhook(runner: SqlRunner, id: string): Promise<WebhookRecord | null> {
  const [webhook] = await runner.query<WebhookRecord[]>(`SELECT ${COLUMNS} FROM webhooks w WHERE w.id = $1`, [id]);
  return webhook ?? null;
}

/** @param workflowId of a workflow that is stored in the same transaction, where it is told of that only @returns its id */
export async function insertWebhook(
  runner: SqlRunner,
  webhook: WebhookSettings & { readonly secret: string },
  workflowId: string | null = null,
): Promise<string> {
  const { url, description, events, jobTypes, enabled, secret } = webhook;
  const [row] = await runner.query<{ id: string }[]>(
    `INSERT INTO webhooks (url, description, events, job_types, enabled, secret, workflow_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [url, description, events, jobTypes, enabled, secret, workflowId],
  );
  if (!row) throw new Error('the insert returned no row');
  return row.id;
}

/** What is undefined stays as it is. */
export async function updateWebhook(
  runner: SqlRunner,
  id: string,
  changes: { readonly [K in keyof WebhookSettings]?: WebhookSettings[K] | undefined },
): Promise<void> {
  const { url, description, events, jobTypes, enabled } = changes;
  await runner.query(
    `UPDATE webhooks
        SET url = coalesce($2, url), description = coalesce($3, description), events = coalesce($4, events),
            job_types = CASE WHEN $5 THEN $6 ELSE job_types END, enabled = coalesce($7, enabled)
      WHERE id = $1`,
    [id, url, description, events, jobTypes !== undefined, jobTypes ?? null, enabled],
  );
}

/** Gives a webhook another secret; messages are signed with the one before as well for this long. */
export async function replaceSecret(runner: SqlRunner, id: string, secret: string, overlapMs: number): Promise<void> {
  await runner.query(
    `UPDATE webhooks
        SET secret = $2, previous_secret = secret, previous_secret_until = now() + $3 * interval '1 ms'
      WHERE id = $1`,
    [id, secret, overlapMs],
  );
}

/** With all its deliveries; false when there is none. */
export async function deleteWebhook(runner: SqlRunner, id: string): Promise<boolean> {
  const gone = await runner.query<unknown[]>(
    'WITH gone AS (DELETE FROM webhooks WHERE id = $1 RETURNING 1) SELECT * FROM gone',
    [id],
  );
  return gone.length > 0;
}
