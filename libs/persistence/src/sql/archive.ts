import type { ArchivedJob, ArchivedJobSummary, ArchiveQuery, JobStatus } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** What is over for longer than it is kept: jobs of no workflow, or workflows with their jobs. */
export interface OverdueJobs {
  readonly statuses: readonly JobStatus[];
  /** Since their end. */
  readonly olderThanDays: number;
  readonly limit: number;
}

const OVERDUE = `SELECT id FROM jobs
   WHERE status = ANY ($1::text[]) AND workflow_id IS NULL AND completed_at < now() - $2 * interval '1 day'
   ORDER BY completed_at LIMIT $3 FOR UPDATE SKIP LOCKED`;

/** Locks overdue jobs, the oldest first, for the transaction that moves them away. */
export async function lockOverdue(
  runner: SqlRunner,
  { statuses, olderThanDays, limit }: OverdueJobs,
): Promise<string[]> {
  const rows = await runner.query<{ id: string }[]>(OVERDUE, [statuses, olderThanDays, limit]);
  return rows.map(({ id }) => id);
}

/** Deletes overdue jobs with all that belongs to them; returns how many. */
export async function deleteOverdue(
  runner: SqlRunner,
  { statuses, olderThanDays, limit }: OverdueJobs,
): Promise<number> {
  const [row] = await runner.query<{ n: number }[]>(
    `WITH gone AS (DELETE FROM jobs WHERE id IN (${OVERDUE}) RETURNING 1) SELECT count(*)::integer AS n FROM gone`,
    [statuses, olderThanDays, limit],
  );
  return row?.n ?? 0;
}

/** Puts jobs into the archive as the API shows them, and takes them out of the table. */
export async function archiveJobs(runner: SqlRunner, jobs: readonly Omit<ArchivedJob, 'archivedAt'>[]): Promise<void> {
  await runner.query(
    `INSERT INTO archived_jobs (id, type, status, created_at, completed_at, job, attempts)
     SELECT (job ->> 'id')::uuid, job ->> 'type', job ->> 'status', (job ->> 'createdAt')::timestamptz,
            (job ->> 'completedAt')::timestamptz, job, attempts
       FROM jsonb_to_recordset($1::jsonb) AS v(job jsonb, attempts jsonb)`,
    [JSON.stringify(jobs)],
  );
  await runner.query('DELETE FROM jobs WHERE id = ANY ($1::uuid[])', [jobs.map(({ job }) => job.id)]);
}

/** Deletes archived jobs this long after their end; returns how many. */
export async function forgetArchived(runner: SqlRunner, olderThanDays: number, limit: number): Promise<number> {
  const [row] = await runner.query<{ n: number }[]>(
    `WITH gone AS (
       DELETE FROM archived_jobs WHERE id IN (
         SELECT id FROM archived_jobs WHERE completed_at < now() - $1 * interval '1 day' ORDER BY completed_at LIMIT $2)
       RETURNING 1
     ) SELECT count(*)::integer AS n FROM gone`,
    [olderThanDays, limit],
  );
  return row?.n ?? 0;
}

/** A row of the archive's list; `place` is where the next page begins. */
export type ArchivedRow = ArchivedJobSummary & { readonly place: string };

/** The archive's jobs, what ended last first. @param after the `place` of the last one that is known, and its id */
export async function listArchived(
  runner: SqlRunner,
  query: Omit<ArchiveQuery, 'cursor'>,
  after: { place: string; id: string } | null,
): Promise<ArchivedRow[]> {
  const rows = await runner.query<
    (Omit<ArchivedRow, 'createdAt' | 'completedAt' | 'archivedAt'> &
      Record<'createdAt' | 'completedAt' | 'archivedAt', Date>)[]
  >(
    `SELECT id, type, status, created_at AS "createdAt", completed_at AS "completedAt", archived_at AS "archivedAt",
            completed_at::text AS place
       FROM archived_jobs
      WHERE ($1::text[] IS NULL OR type = ANY ($1)) AND ($2::text[] IS NULL OR status = ANY ($2))
        AND completed_at >= coalesce($3::timestamptz, '-infinity') AND completed_at < coalesce($4::timestamptz, 'infinity')
        AND ($5::timestamptz IS NULL OR (completed_at, id) < ($5::timestamptz, $6::uuid))
      ORDER BY completed_at DESC, id DESC LIMIT $7`,
    [
      ...[query.type ?? null, query.status ?? null, query.completedAfter ?? null, query.completedBefore ?? null],
      ...[after?.place ?? null, after?.id ?? null, query.limit],
    ],
  );
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    completedAt: row.completedAt.toISOString(),
    archivedAt: row.archivedAt.toISOString(),
  }));
}

/** A job of the archive; null when it is not there. */
export async function readArchived(runner: SqlRunner, id: string): Promise<ArchivedJob | null> {
  const [row] = await runner.query<(Omit<ArchivedJob, 'archivedAt'> & { archivedAt: Date })[]>(
    'SELECT job, attempts, archived_at AS "archivedAt" FROM archived_jobs WHERE id = $1',
    [id],
  );
  return row ? { ...row, archivedAt: row.archivedAt.toISOString() } : null;
}
