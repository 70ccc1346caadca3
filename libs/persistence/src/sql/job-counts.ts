import type { JobFilter, JobStatus } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** Fields by which jobs are counted as they change, so that no count looks at the jobs themselves. */
type CountedFilter = Pick<JobFilter, 'status' | 'type' | 'resourceCategory'>;

/** Whether a filter asks for nothing but what is counted. */
export const isCounted = ({ worker, workflowId, q, createdAfter, createdBefore }: JobFilter): boolean =>
  [worker, workflowId, q, createdAfter, createdBefore].every((field) => field === undefined);

/** How many jobs there are of these states, types and categories. Exact. */
export async function readCount(runner: SqlRunner, filter: CountedFilter): Promise<number> {
  const [row] = await runner.query<{ n: number }[]>(
    `SELECT coalesce(sum(n), 0)::float8 AS n FROM job_counts
      WHERE ($1::text[] IS NULL OR status = ANY ($1)) AND ($2::text[] IS NULL OR type = ANY ($2))
        AND ($3::text[] IS NULL OR resource_category = ANY ($3))`,
    [filter.status ?? null, filter.type ?? null, filter.resourceCategory ?? null],
  );
  return row?.n ?? 0;
}

/** Jobs of a state and a type. */
export interface JobCount {
  readonly status: JobStatus;
  readonly type: string;
  readonly n: number;
}

/** All counts above zero. */
export function readCounts(runner: SqlRunner): Promise<JobCount[]> {
  return runner.query<JobCount[]>(
    'SELECT status, type, sum(n)::float8 AS n FROM job_counts GROUP BY 1, 2 HAVING sum(n) > 0',
  );
}

/** Rows after which the counts are summed up: few enough to be read at once, many enough for a summing-up to be rare. */
const SUMMED_UP_AFTER = 1_000;

/** Sums up the changes that every statement adds. Several processes may do it at once: each row is summed up once. */
export async function sumUpCounts(runner: SqlRunner): Promise<void> {
  await runner.query(
    `WITH gone AS (
       DELETE FROM job_counts WHERE (SELECT count(*) FROM job_counts) > $1 RETURNING *
     )
     INSERT INTO job_counts
     SELECT type, resource_category, status, sum(n) FROM gone GROUP BY 1, 2, 3 HAVING sum(n) <> 0`,
    [SUMMED_UP_AFTER],
  );
}
