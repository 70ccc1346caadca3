import type { WorkflowFilter, WorkflowSort, WorkflowStatus } from '@reelay/contracts';
import type { WorkflowError } from '@reelay/domain';
import type { OverdueJobs } from './archive.js';
import type { SqlRunner } from './statement.js';

/** A run as lists show it. */
export interface WorkflowRow {
  readonly id: string;
  readonly template: string;
  readonly version: number;
  readonly status: WorkflowStatus;
  readonly priority: number;
  readonly input: Record<string, unknown>;
  readonly output: unknown;
  readonly error: WorkflowError | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
  /** Of its steps, those that are over. */
  readonly stepsOver: number;
  readonly stepsTotal: number;
  /** `createdAt` as PostgreSQL prints it: the place in a list. */
  readonly place: string;
}

const COLUMNS = `w.id, w.template, w.version, w.status, w.priority, w.input, w.output, w.error,
  w.created_at AS "createdAt", w.completed_at AS "completedAt", w.created_at::text AS place,
  (SELECT count(*)::integer FROM workflow_steps s
    WHERE s.workflow_id = w.id AND s.status IN ('completed', 'failed', 'skipped', 'cancelled')) AS "stepsOver",
  (SELECT count(*)::integer FROM workflow_steps s WHERE s.workflow_id = w.id) AS "stepsTotal"`;

function conditionsOf(filter: WorkflowFilter): { where: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const conditions: string[] = [];
  const parameter = (value: unknown): string => `$${String(parameters.push(value))}`;
  for (const [column, values] of Object.entries({ status: filter.status, template: filter.template })) {
    // One value by itself lets an index on it give the order as well.
    if (values?.length === 1) conditions.push(`w.${column} = ${parameter(values[0])}`);
    else if (values) conditions.push(`w.${column} = ANY (${parameter(values)}::text[])`);
  }
  if (filter.createdAfter) conditions.push(`w.created_at >= ${parameter(filter.createdAfter)}::timestamptz`);
  if (filter.createdBefore) conditions.push(`w.created_at < ${parameter(filter.createdBefore)}::timestamptz`);
  return { where: conditions.join(' AND ') || 'true', parameters };
}

/** Workflows that a filter chooses, in order. @param page.after the place after which to begin, and its id */
export function listWorkflows(
  runner: SqlRunner,
  filter: WorkflowFilter,
  page: { sort: WorkflowSort; after: { place: string; id: string } | null; offset: number; limit: number },
): Promise<WorkflowRow[]> {
  const { where, parameters } = conditionsOf(filter);
  const descending = page.sort.startsWith('-');
  const direction = descending ? 'DESC' : 'ASC';
  const n = parameters.length;
  const after = page.after
    ? `AND (w.created_at, w.id) ${descending ? '<' : '>'} ($${String(n + 1)}::timestamptz, $${String(n + 2)}::uuid)`
    : '';
  return runner.query<WorkflowRow[]>(
    `SELECT ${COLUMNS} FROM (
       SELECT w.id, w.template, w.version, w.status, w.priority, w.input, w.output, w.error, w.created_at, w.completed_at
         FROM workflows w WHERE ${where} ${after} ORDER BY w.created_at ${direction}, w.id ${direction}
        LIMIT ${String(page.limit)} OFFSET ${String(page.offset)}) w
      ORDER BY w.created_at ${direction}, w.id ${direction}`,
    [...parameters, ...(page.after ? [page.after.place, page.after.id] : [])],
  );
}

/** Most workflows that are counted one by one. */
const COUNTED_MAX = 1_000;

/** Counts what a filter chooses; `exact` is false when there are more than were counted. */
export async function countWorkflows(
  runner: SqlRunner,
  filter: WorkflowFilter,
): Promise<{ total: number; exact: boolean }> {
  const { where, parameters } = conditionsOf(filter);
  const [row] = await runner.query<{ n: number }[]>(
    `SELECT count(*)::integer AS n FROM (SELECT FROM workflows w WHERE ${where} LIMIT ${String(COUNTED_MAX + 1)}) counted`,
    parameters,
  );
  const n = row?.n ?? 0;
  return { total: Math.min(n, COUNTED_MAX), exact: n <= COUNTED_MAX };
}

/** A run as lists show it; null when there is none. */
export async function findWorkflow(runner: SqlRunner, id: string): Promise<WorkflowRow | null> {
  const [row] = await runner.query<WorkflowRow[]>(`SELECT ${COLUMNS} FROM workflows w WHERE w.id = $1`, [id]);
  return row ?? null;
}

/** A job of a run, as its graph shows it. */
export interface WorkflowJobRow {
  readonly id: string;
  readonly step: string;
  readonly branch: number;
  readonly progress: number;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** How far the jobs of a run are. */
export const readWorkflowJobs = (runner: SqlRunner, id: string): Promise<WorkflowJobRow[]> =>
  runner.query<WorkflowJobRow[]>(
    `SELECT id, workflow_step AS step, workflow_branch AS branch, progress, started_at AS "startedAt",
            completed_at AS "completedAt"
       FROM jobs WHERE workflow_id = $1 ORDER BY workflow_step, workflow_branch`,
    [id],
  );

/** Locks workflows that are over for longer than they are kept, the oldest first, with the ids of their jobs. */
export async function lockOverdueWorkflows(
  runner: SqlRunner,
  { statuses, olderThanDays, limit }: OverdueJobs,
): Promise<{ workflows: string[]; jobs: string[] }> {
  const rows = await runner.query<{ id: string }[]>(
    `SELECT id FROM workflows WHERE status = ANY ($1::text[]) AND completed_at < now() - $2 * interval '1 day'
      ORDER BY completed_at LIMIT $3 FOR UPDATE SKIP LOCKED`,
    [statuses, olderThanDays, limit],
  );
  const workflows = rows.map(({ id }) => id);
  const jobs = await runner.query<{ id: string }[]>('SELECT id FROM jobs WHERE workflow_id = ANY ($1::uuid[])', [
    workflows,
  ]);
  return { workflows, jobs: jobs.map(({ id }) => id) };
}
