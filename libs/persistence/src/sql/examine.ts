import type { SqlRunner } from './statement.js';

/** Something that should never be, and which rows show it. */
export interface Finding {
  readonly rule: string;
  readonly count: number;
  /** A few ids, for whoever looks into it. */
  readonly examples: readonly string[];
}

/**
 * What became of the jobs that were accepted:
 * `accepted` = `ok` + `failed` + `cancelled` + `lost` + `underWay`.
 */
export interface Scoreboard {
  /** Every job there is. */
  readonly accepted: number;
  /** Completed jobs. */
  readonly ok: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Jobs that look under way but that nobody owes an answer for any more: queued or running without an open attempt. */
  readonly lost: number;
  /** Jobs with two completions that counted, though no person retried them in between. */
  readonly duplicated: number;
  /** Attempts that are still open though they are not their job's current one, as while a worker is told to stop. */
  readonly stale: number;
  /** Jobs that completed after an attempt of theirs was lost, returned or stopped. */
  readonly recovered: number;
  /** Rows that break a rule: the sum of the findings' counts, so a row that breaks two of them counts twice. */
  readonly unexpected: number;
  /** Jobs that wait, run or are paused: not over yet, and not lost. */
  readonly underWay: number;
}

/** Of jobs that are not over. */
const OPEN_STATUSES = "'pending', 'queued', 'running', 'paused'";

const OPEN = "a.status IN ('out', 'running')";

const LOST = `SELECT j.id FROM jobs j LEFT JOIN attempts a ON a.id = j.attempt_id
      WHERE j.status IN ('queued', 'running') AND (a.id IS NULL OR NOT (${OPEN}))`;

const DUPLICATED = `SELECT j.id FROM jobs j WHERE j.retry_base = 0
       AND (SELECT count(*) FROM attempts a WHERE a.job_id = j.id AND a.status = 'completed') > 1`;

/** Each rule with a query for the ids of what breaks it. A minute is given to what is just under way. */
const RULES: readonly (readonly [rule: string, sql: string])[] = [
  [
    'a completed job has a completed attempt',
    `SELECT j.id FROM jobs j LEFT JOIN attempts a ON a.id = j.attempt_id
      WHERE j.status = 'completed' AND a.status IS DISTINCT FROM 'completed'`,
  ],
  ['a job is completed once: a second completed attempt takes a person who retried it', DUPLICATED],
  ['a queued or running job has an open attempt', LOST],
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
    'a workflow that runs has something to wait for',
    `SELECT w.id FROM workflows w
      WHERE w.status = 'running' AND w.created_at < now() - interval '1 minute'
        AND NOT EXISTS (SELECT FROM jobs j WHERE j.workflow_id = w.id
                           AND (j.status IN (${OPEN_STATUSES}) OR j.completed_at > now() - interval '1 minute'))`,
  ],
  [
    'a workflow that is over has no job that is not',
    `SELECT w.id FROM workflows w
      WHERE w.status IN ('completed', 'failed', 'cancelled')
        AND EXISTS (SELECT FROM jobs j WHERE j.workflow_id = w.id AND j.status IN (${OPEN_STATUSES}))`,
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
  const { underWay, ...counts } = await count(runner);
  return { scoreboard: { ...counts, unexpected: sumOf(findings), underWay }, findings };
}

const sumOf = (findings: readonly Finding[]): number => findings.reduce((sum, finding) => sum + finding.count, 0);

async function count(runner: SqlRunner): Promise<Omit<Scoreboard, 'unexpected'>> {
  const [counts] = await runner.query<Omit<Scoreboard, 'unexpected'>[]>(
    `WITH lost AS (${LOST})
     SELECT count(*)::integer AS accepted,
            count(*) FILTER (WHERE status = 'completed')::integer AS ok,
            count(*) FILTER (WHERE status = 'failed')::integer AS failed,
            count(*) FILTER (WHERE status = 'cancelled')::integer AS cancelled,
            (SELECT count(*)::integer FROM lost) AS lost,
            (SELECT count(*)::integer FROM (${DUPLICATED}) twice) AS duplicated,
            (SELECT count(*)::integer FROM attempts a JOIN jobs j ON j.id = a.job_id
              WHERE ${OPEN} AND a.id IS DISTINCT FROM j.attempt_id) AS stale,
            (SELECT count(DISTINCT j.id)::integer FROM attempts a JOIN jobs j ON j.id = a.job_id
              WHERE a.status IN ('lost', 'returned', 'stopped') AND a.id < j.attempt_id AND j.status = 'completed'
            ) AS recovered,
            (count(*) FILTER (WHERE status IN ('pending', 'queued', 'running', 'paused'))
              - (SELECT count(*) FROM lost))::integer AS "underWay"
       FROM jobs`,
  );
  if (!counts) throw new Error('the statement returned no row');
  return counts;
}
