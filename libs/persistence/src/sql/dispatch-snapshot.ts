import type { Settings } from '@reelay/contracts';
import type { DispatchSnapshot, OpenAttempt, PendingJob, WorkerCapacity } from '@reelay/domain';
import { withDefaults } from './settings.js';
import type { SqlRunner } from './statement.js';

/**
 * Which waiting jobs a snapshot holds, and how many of one type at most.
 * - `due`: what a pass of the dispatcher may send; more follow in the next pass.
 * - `next`: the first of these, which say why others wait.
 * - `all`: those that wait for a time or an announcement as well, for an explanation or a simulation.
 */
const PER_TYPE = { due: 500, next: 100, all: 2_000 } as const;
export type PendingChoice = keyof typeof PER_TYPE;

type PendingRow = Omit<PendingJob, 'createdAt' | 'retryAfter' | 'unroutableSince'> & {
  createdAt: string;
  retryAfter: string | null;
  unroutableSince: string | null;
};

type Row = {
  pending: PendingRow[] | null;
  workers: WorkerCapacity[] | null;
  attempts: OpenAttempt[] | null;
  announced: Record<string, string> | null;
  paused_types: string[] | null;
  settings: Partial<Settings> | null;
};

const COLUMNS =
  'id, type, priority, created_at, resource_category, target, vram_required, retry_after, unroutable_since';

/** Types with jobs that wait for their turn, found by skipping through the partial index from type to type. */
const TYPES = `types AS (
    (SELECT type FROM jobs WHERE status = 'pending' AND NOT held ORDER BY type LIMIT 1)
    UNION ALL
    SELECT (SELECT j.type FROM jobs j WHERE j.status = 'pending' AND NOT j.held AND j.type > t.type ORDER BY j.type LIMIT 1)
      FROM types t WHERE t.type IS NOT NULL
  ), ageing AS (
    SELECT (SELECT value -> 'scheduling' ->> 'ageingMinutes' FROM settings) IS NOT NULL AS rules
  )`;

/** A worker that takes orders. */
const TAKES_ORDERS = "w.alive_until > now() AND w.activity <> 'Suspended' AND w.wish = 'work'";

/** No job is sent of a type that was announced and that nobody serves now. */
const SENDABLE = `sendable AS (
    SELECT t.type FROM types t
     WHERE EXISTS (SELECT FROM worker_job_types s JOIN workers w USING (instance_id)
                    WHERE s.job_type = t.type AND ${TAKES_ORDERS})
        OR NOT EXISTS (SELECT FROM job_types a WHERE a.name = t.type)
  )`;

/** The first jobs of each type, so that a long queue of one hides no other; by an ageing rule the oldest of each priority. */
const firstOfEach = (types: string): string => `
    SELECT c.* FROM ageing, ${types} t CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM jobs WHERE status = 'pending' AND NOT held AND type = t.type
       ORDER BY priority, created_at, id LIMIT $1) c WHERE NOT ageing.rules
    UNION ALL
    SELECT c.* FROM ageing, ${types} t CROSS JOIN generate_series(1, 10) AS p CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM jobs WHERE status = 'pending' AND NOT held AND type = t.type AND priority = p
       ORDER BY created_at, id LIMIT $1) c WHERE ageing.rules`;

const DUE = `${TYPES}, ${SENDABLE}, pending AS (${firstOfEach('sendable')})`;

/** Those that wait for a time or an announcement as well, the nearest first. */
const ALL = `${TYPES}, pending AS (${firstOfEach('types')}
    UNION ALL (SELECT ${COLUMNS} FROM jobs WHERE status = 'pending' AND held AND unroutable_since IS NULL
                ORDER BY retry_after LIMIT $1)
    UNION ALL (SELECT ${COLUMNS} FROM jobs WHERE status = 'pending' AND held AND unroutable_since IS NOT NULL
                ORDER BY type, unroutable_since LIMIT $1)
  )`;

/**
 * What is out or running. A claimed attempt is on its worker's host; its device counts only there.
 */
const ATTEMPTS = `SELECT json_agg(json_build_object(
      'jobId', j.id, 'type', j.type, 'category', j.resource_category, 'status', a.status,
      'instanceId', a.instance_id, 'target', a.target, 'host', coalesce(w.host, a.host),
      'device', CASE WHEN w.host IS NULL OR w.host = a.host THEN a.device END,
      'vramMb', a.vram_mb, 'holdsSlot', NOT a.paused) ORDER BY a.id)
    FROM attempts a JOIN jobs j ON j.id = a.job_id LEFT JOIN workers w ON w.instance_id = a.instance_id
   WHERE a.status IN ('out', 'running')`;

const WORKERS = `SELECT json_agg(json_build_object('instanceId', w.instance_id, 'host', w.host, 'slots', w.slots,
      'devices', w.devices, 'jobTypes', (SELECT coalesce(json_agg(t.job_type), '[]') FROM worker_job_types t
                                          WHERE t.instance_id = w.instance_id)))
    FROM workers w WHERE ${TAKES_ORDERS}`;

const ANNOUNCED = `SELECT json_object_agg(t.name, coalesce(
      (SELECT max(w.last_seen_at) FROM workers w JOIN worker_job_types s USING (instance_id)
        WHERE s.job_type = t.name), t.last_announced_at))
    FROM job_types t`;

/** Reads what the dispatcher decides on, in one statement. */
export async function readDispatchSnapshot(
  runner: SqlRunner,
  choice: PendingChoice = 'due',
): Promise<DispatchSnapshot> {
  const [row] = await runner.query<Row[]>(
    `WITH RECURSIVE ${choice === 'all' ? ALL : DUE}
     SELECT
       (SELECT json_agg(json_build_object('id', id, 'type', type, 'priority', priority, 'createdAt', created_at,
          'category', resource_category, 'target', target, 'vramRequired', vram_required,
          'retryAfter', retry_after, 'unroutableSince', unroutable_since)) FROM pending) AS pending,
       (${WORKERS}) AS workers, (${ATTEMPTS}) AS attempts, (${ANNOUNCED}) AS announced,
       (SELECT json_agg(name) FROM paused_job_types) AS paused_types,
       (SELECT value FROM settings) AS settings`,
    [PER_TYPE[choice]],
  );
  const { limits, scheduling } = withDefaults(row?.settings ?? {});
  return {
    pending: (row?.pending ?? []).map(toPendingJob),
    workers: row?.workers ?? [],
    attempts: row?.attempts ?? [],
    limits,
    announced: new Map(Object.entries(row?.announced ?? {}).map(([type, at]) => [type, Date.parse(at)])),
    pausedTypes: new Set(row?.paused_types ?? []),
    pausedCategories: new Set(scheduling.pausedCategories),
    queuePaused: scheduling.paused,
    ageing: scheduling.ageingMinutes === null ? null : { everyMs: scheduling.ageingMinutes * 60_000 },
    reservation: scheduling.reserveAfterMinutes === null ? null : { afterMs: scheduling.reserveAfterMinutes * 60_000 },
  };
}

const msOrNull = (text: string | null): number | null => (text === null ? null : Date.parse(text));

const toPendingJob = (row: PendingRow): PendingJob => ({
  ...row,
  createdAt: Date.parse(row.createdAt),
  retryAfter: msOrNull(row.retryAfter),
  unroutableSince: msOrNull(row.unroutableSince),
});

/** Live workers of a job type: what could ever hold a job of it. */
export async function readWorkersOfType(
  runner: SqlRunner,
  type: string,
): Promise<Pick<WorkerCapacity, 'host' | 'jobTypes' | 'devices'>[]> {
  const rows = await runner.query<Pick<WorkerCapacity, 'host' | 'devices'>[]>(
    `SELECT w.host, w.devices FROM workers w JOIN worker_job_types t USING (instance_id)
      WHERE t.job_type = $1 AND w.alive_until > now()`,
    [type],
  );
  return rows.map((row) => ({ ...row, jobTypes: [type] }));
}

/** How long jobs took lately, and how far the running ones are: what a simulation goes by. */
export interface Experience {
  /** Seconds by job type, over the jobs completed last. */
  readonly averages: Readonly<Record<string, number>>;
  /** Seconds since their start, by job. */
  readonly elapsed: Readonly<Record<string, number>>;
}

/** Reads what a simulation goes by. */
export async function readExperience(runner: SqlRunner): Promise<Experience> {
  const [row] = await runner.query<
    { averages: Record<string, number> | null; elapsed: Record<string, number> | null }[]
  >(
    `SELECT
       (SELECT json_object_agg(type, seconds) FROM (
          SELECT type, avg(extract(epoch FROM completed_at - started_at))::float8 AS seconds
            FROM (SELECT type, completed_at, started_at FROM jobs WHERE status = 'completed'
                   ORDER BY created_at DESC, id DESC LIMIT 1000) last GROUP BY 1) averages) AS averages,
       (SELECT json_object_agg(id, extract(epoch FROM now() - started_at)) FROM jobs WHERE status = 'running') AS elapsed`,
  );
  return { averages: row?.averages ?? {}, elapsed: row?.elapsed ?? {} };
}
