import type { JobStatus } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** What a job that builds on another one needs to know of that. */
export interface EarlierJob {
  readonly type: string;
  readonly status: JobStatus;
  readonly params: Record<string, unknown>;
  /** Null until it is completed. */
  readonly result: Record<string, unknown> | null;
}

/** A job that another one builds on; null when there is none with this id. */
export async function findEarlierJob(runner: SqlRunner, id: string): Promise<EarlierJob | null> {
  const [row] = await runner.query<EarlierJob[]>('SELECT type, status, params, result FROM jobs WHERE id = $1', [id]);
  return row ?? null;
}
