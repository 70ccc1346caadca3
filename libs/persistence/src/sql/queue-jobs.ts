import type { SqlRunner } from './statement.js';

/** An attempt whose order is to be published. */
export interface OrderToSend {
  readonly attemptId: number;
  readonly jobId: string;
  /** The workflow that the job belongs to. */
  readonly workflowId: string | null;
  /** 1 for the first try of the job. */
  readonly number: number;
  readonly type: string;
  readonly params: Record<string, unknown>;
  readonly priority: number;
  /** The host to whose queue it goes. */
  readonly target: string | null;
  /** The device that is meant for it. */
  readonly device: string | null;
  /** What is set aside for it there, in MB. */
  readonly vramMb: number;
}

/** A job to be sent, with the place that the plan gave it. */
export interface PlannedJob {
  readonly jobId: string;
  readonly target: string | null;
  readonly host: string | null;
  readonly device: string | null;
}

type Row = Omit<OrderToSend, 'attemptId'> & { attemptId: string };

const toOrder = (row: Row): OrderToSend => ({ ...row, attemptId: Number(row.attemptId) });

/** Most jobs that one statement releases. */
export const RELEASED_MAX = 5_000;

/**
 * Lets the dispatcher see pending jobs again whose time has come, or whose type was announced.
 * @returns how many; with `RELEASED_MAX` there may be more
 */
export async function releaseJobs(runner: SqlRunner): Promise<number> {
  const [row] = await runner.query<{ released: number }[]>(
    `WITH due AS (
       SELECT id FROM jobs
        WHERE status = 'pending' AND held AND unroutable_since IS NULL AND retry_after <= now()
        ORDER BY retry_after LIMIT $1 FOR UPDATE SKIP LOCKED
     ), announced AS (
       SELECT u.id FROM job_types t CROSS JOIN LATERAL (
         SELECT id FROM jobs
          WHERE status = 'pending' AND held AND unroutable_since IS NOT NULL AND type = t.name
            AND (retry_after IS NULL OR retry_after <= now())
          ORDER BY unroutable_since LIMIT $1 FOR UPDATE SKIP LOCKED) u
     ), released AS (
       UPDATE jobs SET held = false
        WHERE id IN (SELECT id FROM due UNION ALL (SELECT id FROM announced LIMIT $1)) RETURNING 1
     )
     SELECT count(*)::integer AS released FROM released`,
    [RELEASED_MAX],
  );
  return row?.released ?? 0;
}

/** Gives each job that is still pending a new attempt and makes it queued. Jobs that changed meanwhile are left out. */
export async function queueJobs(runner: SqlRunner, planned: readonly PlannedJob[]): Promise<OrderToSend[]> {
  const rows = await runner.query<Row[]>(
    `WITH planned AS (
       SELECT * FROM ROWS FROM (
                jsonb_to_recordset($1::jsonb) AS ("jobId" uuid, target text, host text, device text)
              ) WITH ORDINALITY
     ), picked AS (
       SELECT j.id, j.workflow_id, j.type, j.params, j.priority, j.attempt_count + 1 AS number, p.target, p.host, p.device,
              CASE WHEN p.device IS NULL THEN 0 ELSE j.vram_required END AS vram_mb, p.ordinality
         FROM jobs j JOIN planned p ON p."jobId" = j.id
        WHERE j.status = 'pending' FOR UPDATE OF j SKIP LOCKED
     ), made AS (
       INSERT INTO attempts (job_id, workflow_id, number, target, host, device, vram_mb)
       SELECT id, workflow_id, number, target, host, device, vram_mb FROM picked RETURNING id, job_id
     ), queued AS (
       UPDATE jobs j SET status = 'queued', held = false, worker = NULL, attempt_id = m.id, attempt_count = j.attempt_count + 1, retry_after = NULL
         FROM made m WHERE j.id = m.job_id
     )
     SELECT m.id AS "attemptId", p.id AS "jobId", p.workflow_id AS "workflowId", p.number, p.type, p.params, p.priority, p.target, p.device,
            p.vram_mb AS "vramMb"
       FROM made m JOIN picked p ON p.id = m.job_id ORDER BY p.ordinality`,
    [JSON.stringify(planned)],
  );
  return rows.map(toOrder);
}

/** Notes that the broker has the orders. */
export async function markPublished(runner: SqlRunner, attemptIds: readonly number[]): Promise<void> {
  await runner.query('UPDATE attempts SET published_at = now() WHERE id = ANY($1::bigint[]) AND published_at IS NULL', [
    attemptIds,
  ]);
}

/** Attempts whose order was never confirmed, since a process died between its commit and the confirm. */
export async function findUnpublished(runner: SqlRunner, olderThanMs: number): Promise<OrderToSend[]> {
  const rows = await runner.query<Row[]>(
    `SELECT a.id AS "attemptId", j.id AS "jobId", j.workflow_id AS "workflowId", a.number, j.type, j.params, j.priority, a.target, a.device,
            a.vram_mb AS "vramMb"
       FROM attempts a JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
      WHERE a.status = 'out' AND a.published_at IS NULL AND j.status = 'queued'
        AND a.created_at < now() - $1 * interval '1 ms'
      ORDER BY a.id LIMIT 1000`,
    [olderThanMs],
  );
  return rows.map(toOrder);
}
