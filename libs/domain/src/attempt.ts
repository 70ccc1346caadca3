/**
 * What became of one try at a job.
 * - `out`: its order was sent, or is about to be; no worker has claimed it.
 * - `running`: a worker holds it by a lease.
 * - `completed`, `failed`, `stopped`: the worker said so.
 * - `lost`: its lease ended. `returned`: no queue took its order, or nobody claimed it.
 */
export const ATTEMPT_STATUSES = ['out', 'running', 'completed', 'failed', 'stopped', 'lost', 'returned'] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

/** The states in which an attempt can still be answered. */
export const OPEN_ATTEMPT_STATUSES = ['out', 'running'] as const satisfies readonly AttemptStatus[];

/** How long a claim or a sign of life holds an attempt, in ms. */
export const LEASE_MS = 15_000;

/** An order that nobody claimed for this long goes back, in ms. */
export const CLAIM_TIMEOUT_MS = 30_000;

/** How long a silent worker still counts as live when it did not announce its heartbeat, in ms. */
export const SILENCE_LIMIT_MS = 30_000;

/** Heartbeats that a worker may miss before it counts as gone. */
export const MISSED_HEARTBEATS = 3;

/** How long a worker with this heartbeat may be silent and still count as live, in ms. */
export const livenessMs = (heartbeatSeconds: number | null): number =>
  heartbeatSeconds === null ? SILENCE_LIMIT_MS : Math.max(LEASE_MS, heartbeatSeconds * 1000 * MISSED_HEARTBEATS);
