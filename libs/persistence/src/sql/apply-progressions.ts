import { LEASE_MS } from '@reelay/domain';
import { RETURNING_CHANGED, type ChangedJob, type SqlRunner } from './statement.js';

/** The latest progression of one attempt by one worker. */
export interface Progression {
  readonly attemptId: number;
  readonly instanceId: string;
  /** Null for workers that number nothing. */
  readonly seq: number | null;
  /** Percent. */
  readonly progress: number;
  /** Whether it was sent as a claim: progression 0 is among what is summed up here. */
  readonly claim: boolean;
  readonly phase: string | null;
  readonly speed: number | null;
  readonly etaSeconds: number | null;
}

/** An attempt that somebody works on who does not hold it, or that its job goes on without: it is to stop. */
export interface Trespass {
  readonly attemptId: number;
  readonly instanceId: string;
}

/**
 * Claims attempts, renews their leases, and moves their jobs' progress, all in one statement.
 * The first claim holds. Only where the holder acknowledges at the end (it sends no `seq`), a new claim
 * takes over: the broker delivered the order again because the holder went away.
 * @param progressions at most one for each attempt
 */
export async function applyProgressions(
  runner: SqlRunner,
  progressions: readonly Progression[],
): Promise<{ changed: ChangedJob[]; trespasses: Trespass[] }> {
  const [row] = await runner.query<{ changed: ChangedJob[]; trespasses: Trespass[] }[]>(
    `WITH v AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS v(
         "attemptId" bigint, "instanceId" text, seq bigint, progress real, claim boolean,
         phase text, speed real, "etaSeconds" real)
     ), held AS (
       UPDATE attempts a
          SET status = 'running', instance_id = v."instanceId", late_ack = v.seq IS NULL,
              claimed_at = coalesce(a.claimed_at, now()),
              lease_until = now() + $2 * interval '1 ms',
              last_seq = coalesce(v.seq, a.last_seq)
         FROM v
        WHERE a.id = v."attemptId" AND a.status IN ('out', 'running')
          AND (a.instance_id IS NULL OR a.instance_id = v."instanceId" OR (a.late_ack AND v.claim))
          AND (v.seq IS NULL OR a.last_seq IS NULL OR v.seq > a.last_seq)
       RETURNING a.id, a.job_id, a.instance_id, v.progress, v.phase, v.speed, v."etaSeconds"
     ), changed AS (
       UPDATE jobs j
          SET status = 'running', worker = h.instance_id, started_at = coalesce(j.started_at, now()),
              progress = greatest(j.progress, floor(h.progress)::smallint),
              phase = coalesce(h.phase, j.phase), speed = coalesce(h.speed, j.speed), eta_seconds = h."etaSeconds"
         FROM held h
        WHERE j.id = h.job_id AND j.attempt_id = h.id AND j.status IN ('queued', 'running')
       RETURNING ${RETURNING_CHANGED}
     )
     SELECT
       (SELECT coalesce(json_agg(changed), '[]') FROM changed) AS changed,
       (SELECT coalesce(json_agg(json_build_object('attemptId', v."attemptId", 'instanceId', v."instanceId")), '[]')
          FROM v LEFT JOIN attempts a ON a.id = v."attemptId"
          LEFT JOIN jobs j ON j.id = a.job_id AND j.attempt_id = a.id
         WHERE j.id IS NULL OR j.status = 'cancelled' OR a.status NOT IN ('out', 'running')
            OR (a.instance_id <> v."instanceId" AND NOT (a.late_ack AND v.claim))) AS trespasses`,
    [JSON.stringify(progressions), LEASE_MS],
  );
  return row ?? { changed: [], trespasses: [] };
}
