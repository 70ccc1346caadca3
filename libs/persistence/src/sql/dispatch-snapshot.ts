import { RESOURCE_CATEGORIES, type ResourceCategory } from '@reelay/contracts';
import { OPEN_ATTEMPT_STATUSES, type DispatchSnapshot, type PendingJob } from '@reelay/domain';
import type { SqlRunner } from './statement.js';

/** All that a plan depends on but the limits, which are settings. */
export type DispatchState = Omit<DispatchSnapshot, 'limits'>;

/** Most waiting jobs of one type that one pass looks at. More follow in the next pass. */
const CANDIDATES_PER_TYPE = 500;

type Row = {
  pending: (Omit<PendingJob, 'createdAt' | 'retryAfter' | 'unroutableSince'> & { createdAt: string })[] | null;
  workers: { instanceId: string; host: string | null; slots: number; running: number; jobTypes: string[] }[] | null;
  open_orders: { type: string; target: string | null }[] | null;
  in_use: Record<string, number> | null;
  announced: Record<string, string> | null;
};

/**
 * Reads what the dispatcher decides on, in one statement. The waiting jobs are the first of each
 * type, found by skipping through the partial index from type to type, so that a long queue of one
 * type hides no other.
 */
export async function readDispatchState(runner: SqlRunner, withPending = true): Promise<DispatchState> {
  const [row] = await runner.query<Row[]>(
    `WITH RECURSIVE types AS (
       (SELECT type FROM jobs WHERE status = 'pending' AND $3 ORDER BY type LIMIT 1)
       UNION ALL
       SELECT (SELECT j.type FROM jobs j WHERE j.status = 'pending' AND j.type > t.type ORDER BY j.type LIMIT 1)
         FROM types t WHERE t.type IS NOT NULL
     ), pending AS (
       SELECT c.* FROM types t CROSS JOIN LATERAL (
         SELECT id, type, priority, created_at, resource_category, target FROM jobs
          WHERE status = 'pending' AND type = t.type
            AND (unroutable_since IS NULL OR EXISTS (SELECT FROM job_types a WHERE a.name = t.type))
            AND (retry_after IS NULL OR retry_after <= now())
          ORDER BY priority, created_at, id LIMIT $1) c
     ), open AS (
       SELECT a.status, a.instance_id, j.type, j.target, j.resource_category
         FROM attempts a JOIN jobs j ON j.id = a.job_id
        WHERE a.status = ANY($2)
     )
     SELECT
       (SELECT json_agg(json_build_object('id', id, 'type', type, 'priority', priority, 'createdAt', created_at,
                                          'category', resource_category, 'target', target)) FROM pending) AS pending,
       (SELECT json_agg(json_build_object('instanceId', w.instance_id, 'host', w.host, 'slots', w.slots,
          'running', (SELECT count(*) FROM open o WHERE o.status = 'running' AND o.instance_id = w.instance_id),
          'jobTypes', (SELECT coalesce(json_agg(t.job_type), '[]') FROM worker_job_types t
                        WHERE t.instance_id = w.instance_id)))
          FROM workers w WHERE w.alive_until > now() AND w.activity <> 'Suspended') AS workers,
       (SELECT json_agg(json_build_object('type', type, 'target', target)) FROM open WHERE status = 'out') AS open_orders,
       (SELECT json_object_agg(resource_category, n)
          FROM (SELECT resource_category, count(*) AS n FROM open GROUP BY 1) u) AS in_use,
       (SELECT json_object_agg(t.name, coalesce(
                 (SELECT max(w.last_seen_at) FROM workers w JOIN worker_job_types s USING (instance_id)
                   WHERE s.job_type = t.name), t.last_announced_at))
          FROM job_types t) AS announced`,
    [CANDIDATES_PER_TYPE, OPEN_ATTEMPT_STATUSES, withPending],
  );
  return {
    pending: (row?.pending ?? []).map((job) => ({
      ...job,
      createdAt: Date.parse(job.createdAt),
      retryAfter: null,
      unroutableSince: null,
    })),
    workers: row?.workers ?? [],
    openOrders: row?.open_orders ?? [],
    inUse: countsByCategory(row?.in_use ?? {}),
    announced: new Map(Object.entries(row?.announced ?? {}).map(([type, at]) => [type, Date.parse(at)])),
  };
}

const countsByCategory = (counts: Record<string, number>): Record<ResourceCategory, number> =>
  Object.fromEntries(RESOURCE_CATEGORIES.map((category) => [category, counts[category] ?? 0])) as Record<
    ResourceCategory,
    number
  >;
