import { changedOf, RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/** What a worker said of an attempt that it completed. */
export interface Completion {
  readonly attemptId: number;
  /** Null for workers that do not say who they are. */
  readonly instanceId: string | null;
  readonly executionSeconds: number;
  readonly destinationPaths: readonly string[];
  readonly result: Record<string, unknown>;
}

/** A job that became completed, with its attempt. */
export interface CompletedJob extends ChangedJob {
  readonly attemptId: number;
}

/** An answer to a job of a workflow: what follows from it is applied in the same transaction. */
export interface SetApart {
  readonly attemptId: number;
  readonly workflowId: string;
}

type Row = (CompletedJob & { readonly isSetApart: false }) | (SetApart & { readonly isSetApart: true });

/**
 * Completes attempts and their jobs, in one statement. Late and duplicate answers, and those of a
 * worker that does not hold the attempt, match nothing.
 * @param completions at most one for each attempt
 */
export async function applyCompletions(runner: SqlRunner, completions: readonly Completion[]): Promise<CompletedJob[]> {
  return (await apply(runner, completions, true)).filter((row) => !row.isSetApart);
}

/**
 * Completes attempts of jobs that belong to no workflow, as `applyCompletions` does. Those of the others that are
 * open are left as they are, and named: still one statement.
 */
export async function applyPlainCompletions(
  runner: SqlRunner,
  completions: readonly Completion[],
): Promise<{ completed: CompletedJob[]; setApart: SetApart[] }> {
  const rows = await apply(runner, completions, false);
  return {
    completed: rows.filter((row) => !row.isSetApart),
    setApart: rows.filter((row) => row.isSetApart),
  };
}

function apply(runner: SqlRunner, completions: readonly Completion[], ofWorkflowsToo: boolean): Promise<Row[]> {
  return runner.query<Row[]>(
    `WITH v AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS v(
         "attemptId" bigint, "instanceId" text, "executionSeconds" real, "destinationPaths" text[], result jsonb)
     ), done AS (
       UPDATE attempts a
          SET status = 'completed', finished_at = now(), lease_until = NULL,
              instance_id = coalesce(a.instance_id, v."instanceId"),
              claimed_at = coalesce(a.claimed_at, now()), execution_seconds = v."executionSeconds"
         FROM v
        WHERE a.id = v."attemptId" AND a.status IN ('out', 'running') AND (a.workflow_id IS NULL OR $2)
          AND (a.instance_id IS NULL OR v."instanceId" IS NULL OR a.instance_id = v."instanceId")
       RETURNING a.id, a.job_id, a.instance_id, v."destinationPaths", v.result
     ), changed AS (
       UPDATE jobs j
          SET status = 'completed', progress = 100, started_at = coalesce(j.started_at, now()), completed_at = now(),
              worker = d.instance_id, result = d.result, destination_paths = d."destinationPaths",
              phase = NULL, eta_seconds = NULL, error_code = NULL, error_message = NULL, error_retryable = NULL
         FROM done d
        WHERE j.id = d.job_id AND j.attempt_id = d.id AND j.status IN ('queued', 'running', 'paused')
       RETURNING ${RETURNING_CHANGED}, d.id AS attempt_id
     )
     SELECT ${changedOf('changed')}, attempt_id::float8 AS "attemptId", false AS "isSetApart" FROM changed
     UNION ALL
     SELECT NULL, NULL, NULL, NULL, a.workflow_id, a.id::float8, true FROM v JOIN attempts a ON a.id = v."attemptId"
      WHERE a.workflow_id IS NOT NULL AND NOT $2 AND a.status IN ('out', 'running')`,
    [JSON.stringify(completions), ofWorkflowsToo],
  );
}
