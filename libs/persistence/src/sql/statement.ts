import type { JobStatus } from '@reelay/contracts';

/** What runs a statement: a data source, or the manager of the transaction that the caller is in. */
export interface SqlRunner {
  query<T = unknown>(sql: string, parameters?: unknown[]): Promise<T>;
}

/** A job as it stands after a statement changed it: what is told to whoever watches it. */
export interface ChangedJob {
  readonly id: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly progress: number;
}

/** A job that came to its end without an answer, with the workflow that waits for it. */
export interface EndedJob extends ChangedJob {
  readonly workflowId: string | null;
}

/** Columns of a `ChangedJob`, for the RETURNING of an update of `jobs j`. */
export const CHANGED_JOB = 'j.id, j.type, j.status, j.progress';
