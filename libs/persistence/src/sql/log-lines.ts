import type { SqlRunner } from './statement.js';

/** A line for the log of an attempt's job. */
export interface LogLine {
  readonly attemptId: number;
  /** ISO 8601. */
  readonly at: string;
  readonly line: string;
}

/** Longest line kept, in characters. */
const LINE_MAX = 4_000;
/** Most lines that are kept of one attempt. */
export const ATTEMPT_LINES_MAX = 10_000;
/** Most lines that a job's log shows: the last ones. */
const SHOWN_MAX = 2_000;

/**
 * Adds lines to the logs of the jobs that the attempts belong to; attempts that are gone are passed over. Of
 * an attempt that logs without end the first lines are kept, and one that says so.
 * @returns ids of the jobs whose log grew
 */
export async function appendLogLines(runner: SqlRunner, lines: readonly LogLine[]): Promise<string[]> {
  const rows = await runner.query<{ job_id: string }[]>(
    `WITH numbered AS (
       SELECT a.id, a.job_id, v.at, left(v.line, $2) AS line, v.ordinality,
              a.log_lines + row_number() OVER (PARTITION BY a.id ORDER BY v.ordinality) AS n
         FROM ROWS FROM (
                jsonb_to_recordset($1::jsonb) AS ("attemptId" bigint, at timestamptz, line text)
              ) WITH ORDINALITY AS v
         JOIN attempts a ON a.id = v."attemptId" AND a.log_lines <= $3
     ), counted AS (
       UPDATE attempts a SET log_lines = c.lines
         FROM (SELECT id, max(n) AS lines FROM numbered GROUP BY 1) c WHERE a.id = c.id
     ), added AS (
       INSERT INTO job_log_lines (job_id, at, line)
       SELECT job_id, at, CASE WHEN n <= $3 THEN line ELSE format('--- LOG CUT OFF AFTER %s LINES ---', $3) END
         FROM numbered WHERE n <= $3 + 1 ORDER BY ordinality
       RETURNING job_id
     )
     SELECT DISTINCT job_id FROM added`,
    [JSON.stringify(lines), LINE_MAX, ATTEMPT_LINES_MAX],
  );
  return rows.map(({ job_id }) => job_id);
}

/** A line of a job's log as the API gives it; `seq` rises. */
export interface NumberedLogLine {
  readonly seq: number;
  readonly at: Date;
  readonly line: string;
}

/** Lines of a job's log after a sequence number, oldest first. */
export function readLogLines(
  runner: SqlRunner,
  jobId: string,
  after: number,
  limit: number,
): Promise<NumberedLogLine[]> {
  return runner.query<NumberedLogLine[]>(
    `SELECT id::float8 AS seq, at, line FROM job_log_lines WHERE job_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
    [jobId, after, limit],
  );
}

/** A job's log as text: one line each, oldest first, with the time in UTC. */
export async function readLog(runner: SqlRunner, jobId: string): Promise<string> {
  const [row] = await runner.query<{ log: string | null }[]>(
    `SELECT string_agg(to_char(at AT TIME ZONE 'UTC', '[YYYY-MM-DD HH24:MI:SS] ') || line, E'\\n' ORDER BY id) AS log
       FROM (SELECT id, at, line FROM job_log_lines WHERE job_id = $1 ORDER BY id DESC LIMIT $2) last`,
    [jobId, SHOWN_MAX],
  );
  return row?.log ?? '';
}
