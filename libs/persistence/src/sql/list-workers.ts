import type { WorkerView } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** All workers on record, those heard of last first. */
export async function listWorkers(runner: SqlRunner): Promise<WorkerView[]> {
  const rows = await runner.query<
    (Omit<WorkerView, 'firstSeenAt' | 'lastSeenAt'> & { firstSeenAt: Date; lastSeenAt: Date })[]
  >(
    `SELECT w.instance_id AS "instanceId", w.app, w.host, w.version, w.slots, w.activity, w.wish,
            w.devices, w.features,
            w.alive_until > now() AS live, w.first_seen_at AS "firstSeenAt", w.last_seen_at AS "lastSeenAt",
            ARRAY(SELECT job_type FROM worker_job_types t WHERE t.instance_id = w.instance_id ORDER BY 1) AS "jobTypes",
            (SELECT count(*)::integer FROM attempts a
              WHERE a.status = 'running' AND a.instance_id = w.instance_id) AS running
       FROM workers w ORDER BY live DESC, w.last_seen_at DESC, w.instance_id LIMIT 1000`,
  );
  return rows.map((row) => ({
    ...row,
    firstSeenAt: row.firstSeenAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  }));
}
