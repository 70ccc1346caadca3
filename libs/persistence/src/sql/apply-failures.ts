import { changedOf, RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/** What decides whether a failed attempt is tried again; retries count from a person's last one. */
export interface RetryFacts {
  readonly attemptId: number;
  readonly retryCount: number;
  readonly maxRetries: number;
  /** The workflow that the job belongs to. */
  readonly workflowId: string | null;
}

/** A failed attempt with what was decided. */
export interface Failure {
  readonly attemptId: number;
  readonly instanceId: string | null;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly executionSeconds: number | null;
  /** When the job is tried again, ISO 8601; null when it fails for good. */
  readonly retryAt: string | null;
}

/** Reads the retry counters of attempts that are still open. They change only when an attempt ends. */
export function readRetryFacts(runner: SqlRunner, attemptIds: readonly number[]): Promise<RetryFacts[]> {
  return runner.query<RetryFacts[]>(
    `SELECT a.id::float8 AS "attemptId", j.retry_count - j.retry_base AS "retryCount", j.max_retries AS "maxRetries",
            j.workflow_id AS "workflowId"
       FROM attempts a JOIN jobs j ON j.id = a.job_id
      WHERE a.id = ANY($1::bigint[]) AND a.status IN ('out', 'running')`,
    [attemptIds],
  );
}

/**
 * Ends failed attempts and moves their jobs on: to failed, or back to pending with a time before
 * which they are not tried again. The error goes to the job's log as well.
 * @param failures at most one for each attempt
 */
export function applyFailures(runner: SqlRunner, failures: readonly Failure[]): Promise<ChangedJob[]> {
  return runner.query<ChangedJob[]>(
    `WITH v AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS v(
         "attemptId" bigint, "instanceId" text, code text, message text, retryable boolean,
         "executionSeconds" real, "retryAt" timestamptz)
     ), ended AS (
       UPDATE attempts a
          SET status = 'failed', finished_at = now(), lease_until = NULL,
              instance_id = coalesce(a.instance_id, v."instanceId"),
              execution_seconds = v."executionSeconds", error_code = v.code, error_message = v.message
         FROM v
        WHERE a.id = v."attemptId" AND a.status IN ('out', 'running')
          AND (a.instance_id IS NULL OR v."instanceId" IS NULL OR a.instance_id = v."instanceId")
       RETURNING a.id, a.job_id, a.instance_id, v.code, v.message, v.retryable, v."retryAt"
     ), changed AS (
       UPDATE jobs j
          SET status = CASE WHEN e."retryAt" IS NULL THEN 'failed' WHEN j.status = 'paused' THEN 'paused' ELSE 'pending' END,
              retry_count = j.retry_count + CASE WHEN e."retryAt" IS NULL THEN 0 ELSE 1 END,
              progress = CASE WHEN e."retryAt" IS NULL THEN j.progress ELSE 0 END,
              retry_after = e."retryAt", held = e."retryAt" IS NOT NULL,
              worker = e.instance_id, completed_at = CASE WHEN e."retryAt" IS NULL THEN now() END,
              phase = NULL, speed = NULL, eta_seconds = NULL,
              error_code = e.code, error_message = e.message, error_retryable = e.retryable
         FROM ended e
        WHERE j.id = e.job_id AND j.attempt_id = e.id AND j.status IN ('queued', 'running', 'paused')
       RETURNING ${RETURNING_CHANGED}, e.message
     ), logged AS (
       INSERT INTO job_log_lines (job_id, at, line)
       SELECT id, now(), line FROM changed, LATERAL unnest(ARRAY['--- ERROR ---', message]) AS line
     )
     SELECT ${changedOf('changed')} FROM changed`,
    [JSON.stringify(failures)],
  );
}
