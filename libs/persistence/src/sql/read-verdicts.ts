import type { SqlRunner } from './statement.js';

/** An answer that ends an attempt, by the worker that gave it. */
export interface EndedAttempt {
  readonly attemptId: number;
  readonly instanceId: string;
}

/** What became of an answer. */
export interface Verdict {
  readonly attemptId: number;
  /** It is the one that completed the job. */
  readonly taken: boolean;
  /** The job has failed for good or was cancelled: nobody needs what its attempts had made. */
  readonly over: boolean;
}

/** What became of answers; of jobs that are not there any more nothing is said. Read it after the answers were applied. */
export function readVerdicts(runner: SqlRunner, answers: readonly EndedAttempt[]): Promise<Verdict[]> {
  return runner.query<Verdict[]>(
    `SELECT a.id::float8 AS "attemptId",
            a.status = 'completed' AND j.attempt_id = a.id AND a.instance_id = v."instanceId" AS taken,
            j.status IN ('failed', 'cancelled') AS over
       FROM jsonb_to_recordset($1::jsonb) AS v("attemptId" bigint, "instanceId" text)
       JOIN attempts a ON a.id = v."attemptId"
       JOIN jobs j ON j.id = a.job_id`,
    [JSON.stringify(answers)],
  );
}
