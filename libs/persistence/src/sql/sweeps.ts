import { LEASE_MS } from '@reelay/domain';
import { changedOf, RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/**
 * Ends attempts whose lease ran out. Their jobs go to another worker at once, or fail with
 * WORKER_LOST when they lost `maxLosses` workers before: such a job may be what kills them. One that a
 * person paused stays paused; the loss counts.
 */
export function endLostAttempts(runner: SqlRunner, maxLosses: number): Promise<ChangedJob[]> {
  return runner.query<ChangedJob[]>(
    `WITH lost AS (
       UPDATE attempts a
          SET status = 'lost', finished_at = now(), lease_until = NULL, error_code = 'WORKER_LOST',
              error_message = 'worker ' || coalesce(a.instance_id, '?') || ' stopped renewing its lease'
        WHERE a.id IN (SELECT id FROM attempts WHERE status = 'running' AND lease_until < now()
                        FOR UPDATE SKIP LOCKED)
       RETURNING a.id, a.job_id, a.error_message
     ), changed AS (
       UPDATE jobs j
          SET status = CASE WHEN j.status = 'paused' THEN 'paused' WHEN j.loss_count < $1 THEN 'pending' ELSE 'failed' END,
              loss_count = j.loss_count + 1,
              progress = CASE WHEN j.status = 'paused' OR j.loss_count < $1 THEN 0 ELSE j.progress END,
              completed_at = CASE WHEN j.status = 'paused' OR j.loss_count < $1 THEN NULL ELSE now() END,
              phase = NULL, speed = NULL, eta_seconds = NULL,
              error_code = 'WORKER_LOST', error_message = l.error_message, error_retryable = true
         FROM lost l
        WHERE j.id = l.job_id AND j.attempt_id = l.id AND j.status IN ('queued', 'running', 'paused')
       RETURNING ${RETURNING_CHANGED}, l.error_message
     ), logged AS (
       INSERT INTO job_log_lines (job_id, at, line) SELECT id, now(), error_message FROM changed
     )
     SELECT ${changedOf('changed')} FROM changed`,
    [maxLosses],
  );
}

/** Attempts whose order was confirmed this long ago and that nobody claimed. */
export async function findUnclaimed(runner: SqlRunner, olderThanMs: number): Promise<number[]> {
  const rows = await runner.query<{ id: string }[]>(
    `SELECT id FROM attempts WHERE status = 'out' AND published_at < now() - $1 * interval '1 ms'
      ORDER BY id LIMIT 1000`,
    [olderThanMs],
  );
  return rows.map(({ id }) => Number(id));
}

/**
 * Starts every lease and every wait for a claim anew. Called when this process was cut off from the
 * broker: the silence of that time says nothing about the workers.
 */
export async function renewAllLeases(runner: SqlRunner): Promise<void> {
  await runner.query(
    `UPDATE attempts
        SET lease_until = CASE WHEN status = 'running' THEN greatest(lease_until, now() + $1 * interval '1 ms') END,
            published_at = CASE WHEN status = 'out' AND published_at IS NOT NULL THEN now() ELSE published_at END
      WHERE status IN ('out', 'running')`,
    [LEASE_MS],
  );
}

/** Fails jobs that waited this long for a worker to announce their type. */
export function failUnroutable(runner: SqlRunner, olderThanMs: number): Promise<ChangedJob[]> {
  return runner.query<ChangedJob[]>(
    `WITH changed AS (
       UPDATE jobs j
          SET status = 'failed', completed_at = now(), error_code = 'UNROUTABLE', error_retryable = false,
              error_message = 'no worker has announced job type ' || j.type
        WHERE j.status = 'pending' AND j.unroutable_since < now() - $1 * interval '1 ms'
          AND NOT EXISTS (SELECT FROM job_types t WHERE t.name = j.type)
       RETURNING ${RETURNING_CHANGED}
     )
     SELECT ${changedOf('changed')} FROM changed`,
    [olderThanMs],
  );
}

/** Forgets workers that were not heard of for this long. */
export async function forgetWorkers(runner: SqlRunner, silentForMs: number): Promise<void> {
  await runner.query("DELETE FROM workers WHERE last_seen_at < now() - $1 * interval '1 ms'", [silentForMs]);
}
