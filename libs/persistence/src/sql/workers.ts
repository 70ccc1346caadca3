import type { ResourceCategory } from '@reelay/contracts';
import { LEASE_MS } from '@reelay/domain';
import type { SqlRunner } from './statement.js';

/** A worker's word that it serves a job type. */
export interface Announcement {
  readonly instanceId: string;
  readonly jobType: string;
  readonly app: string | null;
  readonly host: string | null;
  readonly version: string;
  readonly sdkVersion: string;
  readonly slots: number;
  readonly vramMb: number;
  readonly devices: readonly { readonly id: string; readonly vramMb: number }[];
  readonly cpus: number | null;
  readonly executor: string;
  readonly features: readonly string[];
  /** How long it may be silent and still count as live. */
  readonly livenessMs: number;
  readonly label: string;
  readonly shortDescription: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  /** Null when a worker of another make announced it. */
  readonly category: ResourceCategory | null;
  readonly jobVramMb: number;
}

/** Records announced workers and job types. */
export async function announceWorkers(runner: SqlRunner, announcements: readonly Announcement[]): Promise<void> {
  const last = (key: (a: Announcement) => string): Announcement[] => [
    ...new Map(announcements.map((announcement) => [key(announcement), announcement])).values(),
  ];
  await runner.query(
    `INSERT INTO workers (instance_id, app, host, version, sdk_version, slots, vram_mb, devices, cpus, executor,
                          features, liveness_ms, alive_until)
     SELECT "instanceId", app, host, version, "sdkVersion", slots, "vramMb", devices, cpus, executor,
            features, "livenessMs", now() + "livenessMs" * interval '1 ms'
       FROM jsonb_to_recordset($1::jsonb) AS v(
         "instanceId" text, app text, host text, version text, "sdkVersion" text, slots integer, "vramMb" integer,
         devices jsonb, cpus integer, executor text, features text[], "livenessMs" integer)
     ON CONFLICT (instance_id) DO UPDATE
        SET app = excluded.app, host = excluded.host, version = excluded.version, sdk_version = excluded.sdk_version,
            slots = excluded.slots, vram_mb = excluded.vram_mb, devices = excluded.devices, cpus = excluded.cpus, executor = excluded.executor,
            features = excluded.features, liveness_ms = excluded.liveness_ms,
            -- One that was drained and is started again under its old name is to work.
            wish = CASE WHEN workers.wish = 'drain' AND workers.activity = 'Terminated' THEN 'work' ELSE workers.wish END,
            activity = CASE WHEN workers.activity = 'Terminated' THEN 'Idle' ELSE workers.activity END,
            last_seen_at = now(), alive_until = excluded.alive_until`,
    [JSON.stringify(last(({ instanceId }) => instanceId))],
  );
  await runner.query(
    `INSERT INTO worker_job_types (instance_id, job_type)
     SELECT "instanceId", "jobType" FROM jsonb_to_recordset($1::jsonb) AS v("instanceId" text, "jobType" text)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(last(({ instanceId, jobType }) => `${instanceId} ${jobType}`))],
  );
  await runner.query(
    `INSERT INTO job_types (name, label, short_description, description, version, parameters, category, job_vram_mb)
     SELECT "jobType", label, "shortDescription", description, version, parameters, category, "jobVramMb"
       FROM jsonb_to_recordset($1::jsonb) AS v(
         "jobType" text, label text, "shortDescription" text, description text, version text, parameters jsonb,
         category text, "jobVramMb" integer)
     ON CONFLICT (name) DO UPDATE
        SET label = excluded.label, short_description = excluded.short_description,
            description = excluded.description, version = excluded.version, parameters = excluded.parameters,
            category = excluded.category, job_vram_mb = excluded.job_vram_mb, last_announced_at = now()`,
    [JSON.stringify(last(({ jobType }) => jobType))],
  );
}

/** A sign of life. */
export interface SignOfLife {
  readonly instanceId: string;
  readonly activity: string;
  /** Attempts that it runs now, paused ones included. */
  readonly running: readonly number[];
  /** Those of them that are paused; null from a worker that does not say. */
  readonly paused: readonly number[] | null;
}

/** What a worker is told when what it does is not what the records say. */
export interface Correction {
  readonly instanceId: string;
  readonly tell:
    | 'stop_process'
    | 'pause_process'
    | 'resume_process'
    | 'stop_consuming_jobs'
    | 'resume_consuming_jobs'
    | 'stop_worker';
  /** Null when it is about the worker itself. */
  readonly attemptId: number | null;
}

/**
 * Notes that workers live and renews the leases of the attempts that they name.
 * @returns what to tell them: direct messages are sent once, and one that was lost is made good here
 */
export async function noteSignsOfLife(runner: SqlRunner, signs: readonly SignOfLife[]): Promise<Correction[]> {
  return runner.query<Correction[]>(
    `WITH v AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS v(
         "instanceId" text, activity text, running bigint[], paused bigint[])
     ), alive AS (
       UPDATE workers w
          SET last_seen_at = now(), alive_until = now() + w.liveness_ms * interval '1 ms', activity = v.activity
         FROM v WHERE w.instance_id = v."instanceId"
     ), named AS (
       SELECT v."instanceId", r.id, r.id = ANY (v.paused) AS paused FROM v CROSS JOIN LATERAL unnest(v.running) AS r(id)
     ), renewed AS (
       UPDATE attempts a SET lease_until = now() + $2 * interval '1 ms'
         FROM named n
        WHERE a.id = n.id AND a.status = 'running' AND a.instance_id = n."instanceId"
     ), judged AS (
       SELECT n."instanceId", n.id, CASE
           WHEN j.id IS NULL OR j.status = 'cancelled' OR a.status NOT IN ('out', 'running')
             OR (a.instance_id IS NOT NULL AND a.instance_id <> n."instanceId") THEN 'stop_process'
           WHEN a.status = 'running' AND a.paused AND NOT n.paused THEN 'pause_process'
           WHEN a.status = 'running' AND NOT a.paused AND n.paused THEN 'resume_process' END AS tell
         FROM named n LEFT JOIN attempts a ON a.id = n.id
         LEFT JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
       UNION ALL
       SELECT v."instanceId", NULL, CASE
           WHEN w.wish = 'drain' AND v.activity <> 'Suspended' THEN 'stop_worker'
           WHEN w.wish = 'pause' AND v.activity <> 'Suspended' THEN 'stop_consuming_jobs'
           WHEN w.wish = 'work' AND v.activity = 'Suspended' THEN 'resume_consuming_jobs' END
         FROM v JOIN workers w ON w.instance_id = v."instanceId" WHERE v.paused IS NOT NULL
     )
     SELECT "instanceId", tell, id::float8 AS "attemptId" FROM judged WHERE tell IS NOT NULL`,
    [JSON.stringify(signs), LEASE_MS],
  );
}

/** Notes that workers stopped gracefully: they take no more orders. */
export async function noteTerminated(runner: SqlRunner, instanceIds: readonly string[]): Promise<void> {
  await runner.query(
    "UPDATE workers SET alive_until = now(), last_seen_at = now(), activity = 'Terminated' WHERE instance_id = ANY($1)",
    [instanceIds],
  );
}
