import { JOB_STATUSES, RESOURCE_CATEGORIES, type JobStatus, type ResourceCategory } from '@reelay/contracts';
import { readCounts, type JobCount } from './job-counts.js';
import type { SqlRunner } from './statement.js';

/** Figures of the queue. */
export interface JobCounts {
  readonly byStatus: Readonly<Record<JobStatus, number>>;
  readonly byType: Readonly<Record<string, number>>;
  /** Attempts out or running. */
  readonly inUse: Readonly<Record<ResourceCategory, number>>;
  /** MB set aside on devices. */
  readonly vramUsed: number;
  /** MB of all live workers' devices. */
  readonly vramAvailable: number;
  /** GPUs of the hosts with a live worker. Where workers disagree on the size, the least counts. */
  readonly devices: readonly DeviceUse[];
  /** Seconds from start to end, over the jobs completed last; null without any. */
  readonly averageProcessingTime: number | null;
}

/** A GPU, and what of its memory is set aside, in MB. */
export interface DeviceUse {
  readonly host: string;
  readonly device: string;
  readonly vramMb: number;
  readonly usedMb: number;
}

/** The average is over this many jobs: what counts is how long they take now. */
const AVERAGED_JOBS = 1_000;

type Row = {
  in_use: Partial<Record<ResourceCategory, number>> | null;
  vram_used: number;
  vram_available: number;
  devices: DeviceUse[] | null;
  average: number | null;
};

const complete = <K extends string>(keys: readonly K[], counts: Partial<Record<K, number>> | null): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, counts?.[key] ?? 0])) as Record<K, number>;

/** Counts jobs by state and type, and what is in use. No count looks at the jobs themselves. */
export async function countJobs(runner: SqlRunner): Promise<JobCounts> {
  const [counts, row] = await Promise.all([readCounts(runner), readUse(runner)]);
  return {
    byStatus: complete(JOB_STATUSES, sumBy(counts, 'status')),
    byType: sumBy(counts, 'type'),
    inUse: complete(RESOURCE_CATEGORIES, row.in_use),
    vramUsed: row.vram_used,
    vramAvailable: row.vram_available,
    devices: row.devices ?? [],
    averageProcessingTime: row.average,
  };
}

function sumBy(counts: readonly JobCount[], field: 'status' | 'type'): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const count of counts) sums[count[field]] = (sums[count[field]] ?? 0) + count.n;
  return sums;
}

async function readUse(runner: SqlRunner): Promise<Row> {
  const [row] = await runner.query<Row[]>(
    `WITH open AS (
       SELECT j.resource_category, a.vram_mb AS vram FROM attempts a JOIN jobs j ON j.id = a.job_id
        WHERE a.status IN ('out', 'running')
     )
     SELECT
       (SELECT json_object_agg(resource_category, n)
          FROM (SELECT resource_category, count(*) AS n FROM open GROUP BY 1) u) AS in_use,
       (SELECT coalesce(sum(vram), 0)::integer FROM open) AS vram_used,
       (SELECT coalesce(sum(vram_mb), 0)::integer FROM workers WHERE alive_until > now()) AS vram_available,
       (SELECT json_agg(json_build_object('host', d.host, 'device', d.device, 'vramMb', d.vram, 'usedMb', (
            SELECT coalesce(sum(a.vram_mb), 0) FROM attempts a
             WHERE a.status IN ('out', 'running') AND a.host = d.host AND a.device = d.device)) ORDER BY d.host, d.device)
          FROM (SELECT w.host, device ->> 'id' AS device, min((device ->> 'vramMb')::int) AS vram
                  FROM workers w, jsonb_array_elements(w.devices) AS device
                 WHERE w.alive_until > now() AND w.host IS NOT NULL GROUP BY 1, 2) d) AS devices,
       (SELECT avg(extract(epoch FROM completed_at - started_at))::float8
          FROM (SELECT completed_at, started_at FROM jobs WHERE status = 'completed'
                 ORDER BY created_at DESC, id DESC LIMIT $1) last) AS average`,
    [AVERAGED_JOBS],
  );
  if (!row) throw new Error('the statement returned no row');
  return row;
}
