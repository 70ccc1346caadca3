import type { WorkflowStatus, WorkflowTemplate } from '@reelay/contracts';
import type { NodeError, NodeJob, NodeOutcome, StepRecord, WorkflowError, WorkflowRun } from '@reelay/domain';
import type { SqlRunner } from './statement.js';

/** A run to be started. */
export interface NewWorkflow {
  readonly id: string;
  readonly template: string;
  readonly version: number;
  readonly definition: WorkflowTemplate;
  readonly input: Readonly<Record<string, unknown>>;
  readonly priority: number;
}

/** A run with the name of its template. */
export interface StoredRun extends WorkflowRun {
  /** name@version */
  readonly template: string;
}

/** What is written of a run after a plan; steps only where they changed. */
export interface RunChange {
  readonly id: string;
  readonly status: WorkflowStatus;
  readonly isHeld: boolean;
  readonly error: WorkflowError | null;
  readonly output: unknown;
  readonly steps: readonly StepRecord[];
}

/** Stores a run that has not begun. Its row is locked, as by `lockWorkflows`: nobody else knows it yet. */
export async function insertWorkflow(runner: SqlRunner, workflow: NewWorkflow): Promise<void> {
  const { id, template, version, definition, input, priority } = workflow;
  await runner.query(
    `INSERT INTO workflows (id, template, version, definition, input, priority)
     VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6)`,
    [id, template, version, JSON.stringify(definition), JSON.stringify(input), priority],
  );
}

/**
 * Locks workflows for a transaction, in the order of their ids, then the open attempts of their jobs: before anything
 * else that it locks, so that two of them never wait for each other.
 * @returns the ids of those that are there
 */
export async function lockWorkflows(runner: SqlRunner, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await runner.query<{ id: string }[]>(
    'SELECT id FROM workflows WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE',
    [ids],
  );
  await runner.query(
    `SELECT id FROM attempts WHERE workflow_id = ANY ($1::uuid[]) AND status IN ('out', 'running') ORDER BY id FOR UPDATE`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** The workflows that some of these jobs belong to. */
export async function workflowsOfJobs(runner: SqlRunner, jobIds: readonly string[]): Promise<string[]> {
  const rows = await runner.query<{ id: string }[]>(
    `SELECT DISTINCT workflow_id AS id FROM jobs WHERE id = ANY ($1::uuid[]) AND workflow_id IS NOT NULL`,
    [jobIds],
  );
  return rows.map(({ id }) => id);
}

/** The definitions of workflows, by id. */
export async function readDefinitions(
  runner: SqlRunner,
  ids: readonly string[],
): Promise<Map<string, WorkflowTemplate>> {
  if (ids.length === 0) return new Map();
  const rows = await runner.query<{ id: string; definition: WorkflowTemplate }[]>(
    'SELECT id, definition FROM workflows WHERE id = ANY ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map(({ id, definition }) => [id, definition]));
}

interface RunRow {
  readonly id: string;
  readonly template: string;
  readonly status: WorkflowStatus;
  readonly priority: number;
  readonly input: Record<string, unknown>;
  readonly isHeld: boolean;
  readonly steps: StepRecord[];
  readonly jobs: (Omit<NodeJob, 'error'> & { code: string | null; message: string | null })[];
}

/** Where workflows stand, without what their jobs left. Lock them first: a statement sees what was there when it began. */
export async function readRuns(runner: SqlRunner, ids: readonly string[]): Promise<StoredRun[]> {
  const rows = await runner.query<RunRow[]>(
    `SELECT w.id, w.template || '@' || w.version AS template, w.status, w.priority, w.input, w.held AS "isHeld",
            (SELECT coalesce(json_agg(json_build_object('id', s.step_id, 'status', s.status, 'skipped', s.skipped,
               'branches', s.branches, 'refused', s.refused, 'error', s.error, 'isAccepted', s.accepted,
               'overrides', s.overrides)), '[]') FROM workflow_steps s WHERE s.workflow_id = w.id) AS steps,
            (SELECT coalesce(json_agg(json_build_object('id', j.id, 'step', j.workflow_step, 'branch', j.workflow_branch,
               'status', j.status, 'code', j.error_code, 'message', j.error_message)
               ORDER BY j.workflow_step, j.workflow_branch), '[]')
               FROM jobs j WHERE j.workflow_id = w.id) AS jobs
       FROM workflows w WHERE w.id = ANY ($1::uuid[]) ORDER BY w.id`,
    [ids],
  );
  return rows.map(({ jobs, ...run }) => ({
    ...run,
    jobs: jobs.map(({ code, message, ...job }) => ({ ...job, error: toError(code, message) })),
  }));
}

const toError = (code: string | null, message: string | null): NodeError | null =>
  code === null ? null : { code, message: message ?? '' };

/** What the completed jobs of some steps left. */
export function readOutcomes(runner: SqlRunner, workflowId: string, steps: readonly string[]): Promise<NodeOutcome[]> {
  if (steps.length === 0) return Promise.resolve([]);
  return runner.query<NodeOutcome[]>(
    `SELECT workflow_step AS step, workflow_branch AS branch, result, destination_paths AS "destinationPaths"
       FROM jobs WHERE workflow_id = $1 AND workflow_step = ANY ($2::text[]) AND status = 'completed'
      ORDER BY workflow_step, workflow_branch`,
    [workflowId, steps],
  );
}

/** How many hosts serve each of these job types now. */
export async function readHosts(runner: SqlRunner, types: readonly string[]): Promise<Record<string, number>> {
  if (types.length === 0) return {};
  const rows = await runner.query<{ type: string; hosts: number }[]>(
    `SELECT t.job_type AS type, count(DISTINCT coalesce(w.host, w.instance_id))::integer AS hosts
       FROM worker_job_types t JOIN workers w USING (instance_id)
      WHERE t.job_type = ANY ($1::text[]) AND w.alive_until > now() AND w.wish = 'work' GROUP BY 1`,
    [types],
  );
  return Object.fromEntries(rows.map(({ type, hosts }) => [type, hosts]));
}

/** Writes what plans decided of runs. */
export async function saveRuns(runner: SqlRunner, changes: readonly RunChange[]): Promise<void> {
  await runner.query(
    `UPDATE workflows w
        SET status = v.status, held = v."isHeld", error = v.error, output = v.output,
            completed_at = CASE WHEN v.status IN ('completed', 'failed', 'cancelled') THEN coalesce(w.completed_at, now()) END
       FROM jsonb_to_recordset($1::jsonb) AS v(id uuid, status text, "isHeld" boolean, error jsonb, output jsonb)
      WHERE w.id = v.id AND (w.status, w.held, w.error) IS DISTINCT FROM (v.status, v."isHeld", v.error)`,
    [JSON.stringify(changes.map(({ steps: _, ...run }) => run))],
  );
  const steps = changes.flatMap(({ id, steps: records }) => records.map((record) => ({ ...record, workflowId: id })));
  if (steps.length === 0) return;
  await runner.query(
    `INSERT INTO workflow_steps (workflow_id, step_id, status, skipped, branches, refused, error, accepted, overrides)
     SELECT v."workflowId", v.id, v.status, v.skipped, v.branches, v.refused, v.error, v."isAccepted", v.overrides
       FROM jsonb_to_recordset($1::jsonb) AS v("workflowId" uuid, id text, status text, skipped boolean,
              branches integer, refused jsonb, error jsonb, "isAccepted" boolean, overrides jsonb)
     ON CONFLICT (workflow_id, step_id) DO UPDATE SET
       (status, skipped, branches, refused, error, accepted, overrides) =
       (excluded.status, excluded.skipped, excluded.branches, excluded.refused, excluded.error, excluded.accepted,
        excluded.overrides)`,
    [JSON.stringify(steps)],
  );
}

/** Gives jobs that are over other parameters, with what follows from them: they are about to be retried. */
export async function replaceParameters(
  runner: SqlRunner,
  jobs: readonly {
    readonly id: string;
    readonly params: Record<string, unknown>;
    readonly vramRequired: number;
  }[],
): Promise<void> {
  await runner.query(
    `WITH changed AS (
       UPDATE jobs j SET params = v.params, vram_required = v."vramRequired"
         FROM jsonb_to_recordset($1::jsonb) AS v(id uuid, params jsonb, "vramRequired" integer)
        WHERE j.id = v.id AND j.status IN ('failed', 'cancelled') RETURNING j.id, j.params
     )
     UPDATE job_search s SET words = job_words(c.params) FROM changed c WHERE s.job_id = c.id`,
    [JSON.stringify(jobs)],
  );
}

/** Running workflows that something happened to which nobody followed up: a process died, or was cut off. */
export async function findNeglected(runner: SqlRunner, limit: number): Promise<string[]> {
  const rows = await runner.query<{ id: string }[]>(
    `SELECT w.id FROM workflows w
      WHERE w.status = 'running' AND NOT EXISTS (
              SELECT FROM jobs j WHERE j.workflow_id = w.id AND j.status NOT IN ('completed', 'failed', 'cancelled'))
         OR w.status IN ('running', 'held') AND EXISTS (
              SELECT FROM workflow_steps s JOIN jobs j ON j.workflow_id = s.workflow_id AND j.workflow_step = s.step_id
               WHERE s.workflow_id = w.id AND s.status = 'running' AND j.status IN ('failed', 'cancelled'))
      ORDER BY w.created_at LIMIT $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** Deletes workflows that are over, with their jobs; returns their ids. */
export async function deleteWorkflows(runner: SqlRunner, ids: readonly string[]): Promise<string[]> {
  const rows = await runner.query<{ id: string }[]>(
    `WITH gone AS (
       DELETE FROM workflows WHERE id = ANY ($1::uuid[]) AND status IN ('completed', 'failed', 'cancelled') RETURNING id
     ) SELECT id FROM gone`,
    [ids],
  );
  return rows.map(({ id }) => id);
}
