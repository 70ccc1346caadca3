import type { ResourceCategory } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** A job to be stored. */
export interface NewJob {
  /** Left out, the database makes one. */
  readonly id?: string;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly priority: number;
  readonly resourceCategory: ResourceCategory;
  readonly vramRequired: number;
  readonly maxRetries: number;
  readonly target: string | null;
  /** The workflow that it belongs to, its step, and which of the step's jobs it is; left out, none. */
  readonly workflowId?: string;
  readonly workflowStep?: string;
  readonly workflowBranch?: number;
}

export interface InsertedJob {
  readonly id: string;
  readonly createdAt: Date;
}

/** Stores jobs as pending, in one statement; ids come back in the order of the jobs. */
export async function insertJobs(runner: SqlRunner, jobs: readonly NewJob[]): Promise<InsertedJob[]> {
  const rows = await runner.query<{ id: string; created_at: Date }[]>(
    `INSERT INTO jobs (id, type, params, priority, resource_category, vram_required, max_retries, target,
                       workflow_id, workflow_step, workflow_branch)
     SELECT coalesce(n.id, gen_random_uuid()), n.type, n.params, n.priority, n."resourceCategory", n."vramRequired", n."maxRetries", n.target,
            n."workflowId", n."workflowStep", n."workflowBranch"
       FROM ROWS FROM (
              jsonb_to_recordset($1::jsonb) AS (
                id uuid, type text, params jsonb, priority smallint, "resourceCategory" text,
                "vramRequired" integer, "maxRetries" smallint, target text,
                "workflowId" uuid, "workflowStep" text, "workflowBranch" integer)
            ) WITH ORDINALITY AS n
      ORDER BY n.ordinality
     RETURNING id, created_at`,
    [JSON.stringify(jobs)],
  );
  return rows.map(({ id, created_at }) => ({ id, createdAt: created_at }));
}
