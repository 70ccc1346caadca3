import { checkAll, type Constraint } from './constraints.js';
import { inOrder, pass } from './plan.js';
import { Room } from './room.js';
import { simulate, type Durations } from './simulate.js';
import type { DispatchSnapshot } from './snapshot.js';

/** Where a pending job stands. */
export interface JobExplanation {
  /** `never starts as things are`: nothing that runs or waits now would make room for it by ending. */
  readonly status: 'could run now' | 'waits' | 'never starts as things are';
  /** The detail of the first constraint that is not met: the job's waiting reason. Null when it could run now. */
  readonly reason: string | null;
  /** All of them, not only the first that is not met. */
  readonly constraints: readonly Constraint[];
  /** 1-based among the pending jobs, in the order in which they are looked at. */
  readonly position: number;
  /** Ms since the epoch; null when it never starts, or when no durations were given and it does not start now. */
  readonly predictedStart: number | null;
}

/**
 * Explains where a job stands once all jobs ahead of it have got their places: all constraints are
 * met exactly when the plan sends it. Null when no such job is pending.
 * @param durations how long jobs take, to predict the start; without it, only a start now is told
 */
export function explainJob(
  jobId: string,
  snapshot: DispatchSnapshot,
  now: number,
  durations?: Durations,
): JobExplanation | null {
  const room = new Room(snapshot);
  const ordered = inOrder(snapshot.pending, room, now);
  const index = ordered.findIndex(({ job }) => job.id === jobId);
  const entry = ordered[index];
  if (entry === undefined) return null;
  pass(room, ordered.slice(0, index), now, {
    dispatched: ({ demand }, place) => void room.take(demand, place),
    waits: () => undefined,
  });
  const constraints = checkAll(room, entry.job, entry.demand, now);
  const reason = constraints.find(({ ok }) => !ok)?.detail ?? null;
  const common = { reason, constraints, position: index + 1 };
  if (reason === null) return { ...common, status: 'could run now', predictedStart: now };
  if (durations === undefined) return { ...common, status: 'waits', predictedStart: null };
  const { schedule } = simulate(snapshot, now, durations.estimateMs, durations.remainingMs);
  const start = schedule.find(({ id }) => id === jobId)?.start ?? null;
  return { ...common, status: start === null ? 'never starts as things are' : 'waits', predictedStart: start };
}
