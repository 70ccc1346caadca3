import { DEFAULT_SETTINGS, type PatchSettingsBody, type Settings } from '@reelay/contracts';
import type { WorkerWish } from '../entities/worker.entity.js';
import type { SqlRunner } from './statement.js';

/** Settings with what was not set filled in. */
export const withDefaults = (value: PatchSettingsBody): Settings => ({
  limits: { ...DEFAULT_SETTINGS.limits, ...value.limits },
  retry: { ...DEFAULT_SETTINGS.retry, ...value.retry },
  scheduling: { ...DEFAULT_SETTINGS.scheduling, ...value.scheduling },
  retention: { ...DEFAULT_SETTINGS.retention, ...value.retention },
  library: { ...DEFAULT_SETTINGS.library, ...value.library },
});

/** The settings that are in force. */
export async function readSettings(runner: SqlRunner): Promise<Settings> {
  const [row] = await runner.query<{ value: PatchSettingsBody }[]>('SELECT value FROM settings');
  return withDefaults(row?.value ?? {});
}

/** Changes what is named and leaves the rest; changes that come together do not undo each other. */
export async function patchSettings(runner: SqlRunner, patch: PatchSettingsBody): Promise<Settings> {
  const [row] = await runner.query<{ value: PatchSettingsBody }[]>(
    `INSERT INTO settings (value) VALUES ($1::jsonb)
     ON CONFLICT (id) DO UPDATE SET updated_at = now(), value = (
       SELECT jsonb_object_agg(key, coalesce(settings.value -> key, '{}') || coalesce($1::jsonb -> key, '{}'))
         FROM jsonb_object_keys(settings.value || $1::jsonb) AS key)
     RETURNING value`,
    [JSON.stringify(patch)],
  );
  return withDefaults(row?.value ?? {});
}

/** Pauses a job type, or lets its jobs be sent again. */
export async function pauseJobType(runner: SqlRunner, type: string, paused: boolean): Promise<void> {
  await runner.query(
    paused
      ? 'INSERT INTO paused_job_types (name) VALUES ($1) ON CONFLICT DO NOTHING'
      : 'DELETE FROM paused_job_types WHERE name = $1',
    [type],
  );
}

/** What is recorded of job types: announced ones, and paused ones. */
export interface JobTypeRecord {
  readonly name: string;
  readonly label: string;
  readonly shortDescription: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly category: 'cpu' | 'gpu_encode' | 'gpu_ai' | null;
  readonly jobVramMb: number;
  readonly lastAnnouncedAt: Date;
  readonly liveWorkers: number;
}

/** The announced job types with their live workers, and the names of those that are paused. */
export async function readJobTypes(runner: SqlRunner): Promise<{ announced: JobTypeRecord[]; paused: Set<string> }> {
  const announced = await runner.query<JobTypeRecord[]>(
    `SELECT t.name, t.label, t.short_description AS "shortDescription", t.description, t.parameters, t.category,
            t.job_vram_mb AS "jobVramMb", t.last_announced_at AS "lastAnnouncedAt",
            (SELECT count(*)::integer FROM worker_job_types s JOIN workers w USING (instance_id)
              WHERE s.job_type = t.name AND w.alive_until > now()) AS "liveWorkers"
       FROM job_types t ORDER BY t.name`,
  );
  const paused = await runner.query<{ name: string }[]>('SELECT name FROM paused_job_types');
  return { announced, paused: new Set(paused.map(({ name }) => name)) };
}

/** Notes what an operator wants of a worker; false when there is no such worker. */
export async function wishOfWorker(runner: SqlRunner, instanceId: string, wish: WorkerWish): Promise<boolean> {
  const rows = await runner.query<unknown[]>(
    'WITH changed AS (UPDATE workers SET wish = $2 WHERE instance_id = $1 RETURNING 1) SELECT * FROM changed',
    [instanceId, wish],
  );
  return rows.length > 0;
}
