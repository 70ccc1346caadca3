import { statesThatAllow } from '@reelay/domain';
import { changedOf, RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/** A job that an action changed, with the attempt that a worker is still at, if any. */
export interface ActedJob extends ChangedJob {
  readonly attemptId: number | null;
  readonly instanceId: string | null;
}

/** What follows the names of CTEs `target` and `changed`: the result of every action. */
const ACTED = `SELECT ${changedOf('c')}, a.id::float8 AS "attemptId", a.instance_id AS "instanceId"
  FROM changed c JOIN target t ON t.id = c.id
  LEFT JOIN attempts a ON a.id = t.attempt_id AND a.status = 'running'`;

/**
 * Locks the jobs in question and their open attempts; attempts first, as the answers do, so that an
 * action and an answer do not wait for each other.
 */
const TARGET = `held AS MATERIALIZED (
    SELECT a.id FROM attempts a JOIN jobs j ON j.attempt_id = a.id
     WHERE j.id = ANY($1::uuid[]) AND a.status IN ('out', 'running') ORDER BY a.id FOR UPDATE OF a
  ), target AS MATERIALIZED (
    SELECT j.id, j.attempt_id FROM jobs j
     WHERE j.id = ANY($1::uuid[]) AND j.status = ANY($2::text[]) AND (SELECT count(*) FROM held) >= 0
     ORDER BY j.id FOR UPDATE OF j
  )`;

/** An order that nobody claimed is revoked: whoever claims it now is told to stop. */
const REVOKED = `revoked AS (
    UPDATE attempts a SET status = 'returned', finished_at = now()
      FROM target t WHERE a.id = t.attempt_id AND a.status = 'out'
  )`;

/** Cancels jobs. Work that runs goes on until its worker was told; `attemptId` says where to tell. */
export function cancelJobs(runner: SqlRunner, ids: readonly string[]): Promise<ActedJob[]> {
  return runner.query<ActedJob[]>(
    `WITH ${TARGET}, ${REVOKED}, changed AS (
       UPDATE jobs j SET status = 'cancelled', completed_at = now(), retry_after = NULL, phase = NULL,
              speed = NULL, eta_seconds = NULL
         FROM target t WHERE j.id = t.id RETURNING ${RETURNING_CHANGED}
     ), logged AS (
       INSERT INTO job_log_lines (job_id, at, line) SELECT id, now(), '--- JOB CANCELLED BY ADMIN ---' FROM changed
     ) ${ACTED}`,
    [ids, statesThatAllow('cancel')],
  );
}

/** Pauses jobs. One that runs keeps its worker and its memory, and gives up its slot. */
export function pauseJobs(runner: SqlRunner, ids: readonly string[]): Promise<ActedJob[]> {
  return runner.query<ActedJob[]>(
    `WITH ${TARGET}, ${REVOKED}, changed AS (
       UPDATE jobs j SET status = 'paused', speed = NULL, eta_seconds = NULL
         FROM target t WHERE j.id = t.id RETURNING ${RETURNING_CHANGED}
     ), stopped AS (
       UPDATE attempts a SET paused = true FROM target t WHERE a.id = t.attempt_id AND a.status = 'running'
     ) ${ACTED}`,
    [ids, statesThatAllow('pause')],
  );
}

/** Resumes jobs: one whose worker still holds it runs on, any other waits again. */
export function resumeJobs(runner: SqlRunner, ids: readonly string[]): Promise<ActedJob[]> {
  return runner.query<ActedJob[]>(
    `WITH ${TARGET}, going AS (
       UPDATE attempts a SET paused = false FROM target t WHERE a.id = t.attempt_id AND a.status = 'running'
       RETURNING a.id
     ), changed AS (
       UPDATE jobs j SET status = CASE WHEN EXISTS (SELECT FROM going g WHERE g.id = t.attempt_id)
                                       THEN 'running' ELSE 'pending' END
         FROM target t WHERE j.id = t.id RETURNING ${RETURNING_CHANGED}
     ) ${ACTED}`,
    [ids, statesThatAllow('resume')],
  );
}

/**
 * Retries jobs now, with a fresh budget of automatic retries; the log says which try it is. A worker that is
 * still at a cancelled attempt is not part of it any more: what it says is about that attempt alone.
 */
export function retryJobs(runner: SqlRunner, ids: readonly string[]): Promise<ActedJob[]> {
  return runner.query<ActedJob[]>(
    `WITH ${TARGET}, changed AS (
       UPDATE jobs j SET status = 'pending', held = false, progress = 0, attempt_id = NULL, retry_after = NULL,
              unroutable_since = NULL,
              retry_count = j.retry_count + 1, retry_base = j.retry_count + 1, loss_count = 0, completed_at = NULL,
              error_code = NULL, error_message = NULL, error_retryable = NULL
         FROM target t WHERE j.id = t.id RETURNING ${RETURNING_CHANGED}, j.retry_count
     ), logged AS (
       INSERT INTO job_log_lines (job_id, at, line)
       SELECT id, now(), format('--- RETRY ATTEMPT %s ---', retry_count) FROM changed
     ) ${ACTED}`,
    [ids, ['failed', 'cancelled']],
  );
}

/** Changes the priority of a job that waits; null when its state does not allow it. */
export async function setPriority(runner: SqlRunner, id: string, priority: number): Promise<ChangedJob | null> {
  const [changed] = await runner.query<ChangedJob[]>(
    `WITH changed AS (
       UPDATE jobs j SET priority = $2 WHERE j.id = $1 AND j.status IN ('pending', 'queued', 'paused')
       RETURNING ${RETURNING_CHANGED}
     ) SELECT * FROM changed`,
    [id, priority],
  );
  return changed ?? null;
}

/**
 * Deletes jobs that are over, with their attempts and logs; returns their ids. Those of a workflow leave only with
 * that: its graph is made of them.
 */
export async function deleteJobs(runner: SqlRunner, ids: readonly string[]): Promise<string[]> {
  const rows = await runner.query<{ id: string }[]>(
    `WITH gone AS (
       DELETE FROM jobs WHERE id = ANY($1::uuid[]) AND status IN ('completed', 'failed', 'cancelled')
          AND workflow_id IS NULL RETURNING id
     ) SELECT id FROM gone`,
    [ids],
  );
  return rows.map(({ id }) => id);
}
