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
  /** The workflow that it belongs to. */
  readonly workflowId: string | null;
}

/** Columns of a `ChangedJob`, for the RETURNING of an update of `jobs j`. */
export const RETURNING_CHANGED = 'j.id, j.type, j.status, j.progress, j.workflow_id AS "workflowId"';

/** The same, for who reads them from what returned them. @param rows its name */
export const changedOf = (rows: string): string =>
  ['id', 'type', 'status', 'progress', '"workflowId"'].map((column) => `${rows}.${column}`).join(', ');
