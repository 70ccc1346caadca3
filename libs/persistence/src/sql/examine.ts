import type { SqlRunner } from './statement.js';

/** Something that should never be, and which rows show it. */
export interface Finding {
  readonly rule: string;
  readonly count: number;
  /** A few ids, for whoever looks into it. */
  readonly examples: readonly string[];
}

/** What became of the jobs that were accepted. */
export interface Scoreboard {
  readonly accepted: number;
  readonly ok: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Jobs that wait or run: not over yet, and not lost. */
  readonly underWay: number;
  /** Jobs with two completions that counted. */
  readonly duplicated: number;
  /** Attempts that were given up and whose job went on with another. */
  readonly recovered: number;
}

const OPEN = "a.status IN ('out', 'running')";

/** Each rule with a query for the ids of what breaks it. A minute is given to what is just under way. */
const RULES: readonly (readonly [rule: string, sql: string])[] = [
  [
    'a completed job has a completed attempt',
    `SELECT j.id FROM jobs j LEFT JOIN attempts a ON a.id = j.attempt_id
      WHERE j.status = 'completed' AND a.status IS DISTINCT FROM 'completed'`,
  ],
  [
    'a job is completed once: a second completed attempt takes a person who retried it',
    `SELECT j.id FROM jobs j WHERE j.retry_base = 0
       AND (SELECT count(*) FROM attempts a WHERE a.job_id = j.id AND a.status = 'completed') > 1`,
  ],
  [
    'a queued or running job has an open attempt',
    `SELECT j.id FROM jobs j LEFT JOIN attempts a ON a.id = j.attempt_id
      WHERE j.status IN ('queued', 'running') AND (a.id IS NULL OR NOT (${OPEN}))`,
  ],
  [
    'a running job is claimed',
    `SELECT j.id FROM jobs j JOIN attempts a ON a.id = j.attempt_id WHERE j.status = 'running' AND a.status <> 'running'`,
  ],
  [
    'a job that waits, or is over, holds no order and no worker',
    `SELECT j.id FROM jobs j JOIN attempts a ON a.id = j.attempt_id
      WHERE j.status IN ('pending', 'completed', 'failed') AND ${OPEN}`,
  ],
  [
    'only the current attempt of a job is open',
    `SELECT a.job_id AS id FROM attempts a
      WHERE ${OPEN} AND EXISTS (SELECT FROM attempts later WHERE later.job_id = a.job_id AND later.id > a.id
                                   AND later.created_at < now() - interval '1 minute')`,
  ],
  [
    'a lease belongs to a running attempt',
    `SELECT a.job_id AS id FROM attempts a WHERE a.lease_until IS NOT NULL AND a.status <> 'running'`,
  ],
  [
    'a lease that ran out was noticed',
    `SELECT a.job_id AS id FROM attempts a WHERE a.status = 'running' AND a.lease_until < now() - interval '1 minute'`,
  ],
  [
    'an order reaches the broker',
    `SELECT a.job_id AS id FROM attempts a
      WHERE a.status = 'out' AND a.published_at IS NULL AND a.created_at < now() - interval '1 minute'`,
  ],
  [
    'video memory is given once',
    `SELECT w.host || '/' || d.id AS id FROM (
       SELECT host, device ->> 'id' AS id, min((device ->> 'vramMb')::int) AS vram
         FROM workers, jsonb_array_elements(devices) AS device WHERE alive_until > now() GROUP BY 1, 2) d
       JOIN (SELECT DISTINCT host FROM workers) w USING (host)
      WHERE d.vram < (SELECT coalesce(sum(a.vram_mb), 0) FROM attempts a
                       WHERE ${OPEN} AND a.host = d.host AND a.device = d.id)`,
  ],
  [
    'the counts are those of the jobs',
    `SELECT coalesce(k.type, j.type) || ' ' || coalesce(k.status, j.status) AS id
       FROM (SELECT type, resource_category, status, sum(n) AS n FROM job_counts GROUP BY 1, 2, 3 HAVING sum(n) <> 0) k
       FULL JOIN (SELECT type, resource_category, status, count(*) AS n FROM jobs GROUP BY 1, 2, 3) j
         USING (type, resource_category, status)
      WHERE k.n IS DISTINCT FROM j.n`,
  ],
  [
    'what is over has a time at which it ended',
    `SELECT id FROM jobs WHERE status IN ('completed', 'failed', 'cancelled') AND completed_at IS NULL`,
  ],
];

/** Looks for what should never be in the records, and counts what became of the jobs. */
export async function examine(runner: SqlRunner): Promise<{ scoreboard: Scoreboard; findings: Finding[] }> {
  const findings: Finding[] = [];
  for (const [rule, sql] of RULES) {
    const [row] = await runner.query<{ count: number; examples: string[] | null }[]>(
      `SELECT count(*)::integer AS count, (array_agg(id::text))[1:5] AS examples FROM (${sql}) broken`,
    );
    if (row && row.count > 0) findings.push({ rule, count: row.count, examples: row.examples ?? [] });
  }
  const [scoreboard] = await runner.query<Scoreboard[]>(
    `SELECT count(*)::integer AS accepted,
            count(*) FILTER (WHERE status = 'completed')::integer AS ok,
            count(*) FILTER (WHERE status = 'failed')::integer AS failed,
            count(*) FILTER (WHERE status = 'cancelled')::integer AS cancelled,
            count(*) FILTER (WHERE status IN ('pending', 'queued', 'running', 'paused'))::integer AS "underWay",
            count(*) FILTER (WHERE retry_base = 0 AND (SELECT count(*) FROM attempts a
               WHERE a.job_id = jobs.id AND a.status = 'completed') > 1)::integer AS duplicated,
            (SELECT count(*)::integer FROM attempts WHERE status IN ('lost', 'returned', 'stopped')) AS recovered
       FROM jobs`,
  );
  if (!scoreboard) throw new Error('the statement returned no row');
  return { scoreboard, findings };
}
