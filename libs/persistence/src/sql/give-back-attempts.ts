import { changedOf, RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/** An attempt that ended without an outcome: its order came back, or its worker stopped it. */
export interface GivenBack {
  readonly attemptId: number;
  /** The worker that says so; null when it is about the order alone. */
  readonly instanceId: string | null;
  readonly status: 'returned' | 'stopped';
  /**
   * No queue took the order. Unless its type was announced meanwhile, the job waits for that;
   * else its queue is missing for the moment and the order is sent again a little later.
   */
  readonly unroutable: boolean;
}

/** How long to wait before an order is sent again to a queue that was missing, in ms. */
const MISSING_QUEUE_DELAY_MS = 3_000;

/**
 * Ends attempts that were given back and makes their jobs pending again; a paused one stays paused.
 * No retry is spent: the job had no fair try.
 */
export function giveBackAttempts(runner: SqlRunner, attempts: readonly GivenBack[]): Promise<ChangedJob[]> {
  return runner.query<ChangedJob[]>(
    `WITH v AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS v(
         "attemptId" bigint, "instanceId" text, status text, unroutable boolean)
     ), ended AS (
       UPDATE attempts a
          SET status = v.status, finished_at = now(), lease_until = NULL,
              instance_id = coalesce(a.instance_id, v."instanceId")
         FROM v
        WHERE a.id = v."attemptId" AND (a.status = 'out' OR (a.status = 'running' AND v.status <> 'returned'))
          AND (a.instance_id IS NULL OR v."instanceId" IS NULL OR a.instance_id = v."instanceId")
       RETURNING a.id, a.job_id, v.unroutable
     ), changed AS (
       UPDATE jobs j
          SET status = CASE WHEN j.status = 'paused' THEN 'paused' ELSE 'pending' END,
              held = e.unroutable, progress = 0, phase = NULL, speed = NULL, eta_seconds = NULL,
              unroutable_since = CASE WHEN e.unroutable THEN coalesce(j.unroutable_since, now()) END,
              retry_after = CASE WHEN e.unroutable AND EXISTS (SELECT FROM job_types t WHERE t.name = j.type)
                                 THEN now() + $2 * interval '1 ms' END
         FROM ended e
        WHERE j.id = e.job_id AND j.attempt_id = e.id AND j.status IN ('queued', 'running', 'paused')
       RETURNING ${RETURNING_CHANGED}
     )
     SELECT ${changedOf('changed')} FROM changed`,
    [JSON.stringify(attempts), MISSING_QUEUE_DELAY_MS],
  );
}
