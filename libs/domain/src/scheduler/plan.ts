import { refusalOf, waitsForVram } from './constraints.js';
import type { Demand, Place } from './demand.js';
import { sortInOrder } from './order.js';
import { Room, type RoomSnapshot } from './room.js';
import type { DispatchSnapshot, PendingJob } from './snapshot.js';

/** An order to send. */
export interface DispatchEntry {
  readonly job: PendingJob;
  /** The host to whose queue the order goes; null for the queue that all workers of the type share. */
  readonly target: string | null;
  /** The host of `device`; null where the plan accounts for no video memory. The attempt keeps both. */
  readonly host: string | null;
  /** The device whose memory the job is given; null when it needs none or no worker of the type has one. */
  readonly device: string | null;
}

/** What is sent now, in order, and why the others wait. */
export interface DispatchPlan {
  readonly dispatch: readonly DispatchEntry[];
  readonly waiting: readonly { readonly job: PendingJob; readonly reason: string }[];
}

/** A job in the queue, with what it asks for. */
export interface QueuedDemand {
  readonly job: PendingJob;
  readonly demand: Demand;
}

/** What becomes of a job in one pass: the place that it was given (null: sent on trust), or why it waits. */
interface PassOutcome {
  readonly dispatched: (entry: QueuedDemand, place: Place | null) => void;
  readonly waits: (entry: QueuedDemand, reason: string) => void;
}

/**
 * Which of the waiting jobs are sent now (`now` in ms since the epoch). Pure: the dispatcher does
 * what it says, and the API explains with it why a job waits. A job that cannot run is passed over
 * and blocks no other; only a reservation holds something back for it.
 */
export function planDispatch(snapshot: DispatchSnapshot, now: number): DispatchPlan {
  const room = new Room(snapshot);
  const dispatch: DispatchEntry[] = [];
  const waiting: { job: PendingJob; reason: string }[] = [];
  pass(room, inOrder(snapshot.pending, room, now), now, {
    dispatched: ({ job, demand }, place) => {
      room.take(demand, place);
      dispatch.push(toEntry(job, demand, place));
    },
    waits: ({ job }, reason) => {
      waiting.push({ job, reason });
    },
  });
  return { dispatch, waiting };
}

/**
 * Why each of the jobs does not run now: null exactly where the plan sends it. The plan is made over
 * these jobs and the snapshot's pending ones; where the latter are left out, the answer knows nothing
 * of the jobs ahead.
 */
export function waitingReasons(
  jobs: readonly PendingJob[],
  snapshot: RoomSnapshot & { readonly pending?: readonly PendingJob[] },
  now: number,
): Map<string, string | null> {
  const pending = new Map([...(snapshot.pending ?? []), ...jobs].map((job) => [job.id, job]));
  const { waiting } = planDispatch({ ...snapshot, pending: [...pending.values()] }, now);
  const reasons = new Map(waiting.map(({ job, reason }) => [job.id, reason]));
  return new Map(jobs.map(({ id }) => [id, reasons.get(id) ?? null]));
}

/** The jobs with their demands, in the order in which a pass looks at them. */
export function inOrder(jobs: readonly PendingJob[], room: Room, now: number): QueuedDemand[] {
  const entries = jobs.map((job) => ({ job, demand: room.demandOf(job) }));
  return sortInOrder(entries, room.snapshot.ageing, now);
}

/** One look at each job in order. Whoever is told that a job was dispatched must take its place in the room. */
export function pass(room: Room, ordered: readonly QueuedDemand[], now: number, outcome: PassOutcome): void {
  room.clearReservation();
  const patienceMs = room.snapshot.reservation?.afterMs ?? Infinity;
  for (const entry of ordered) {
    const { job, demand } = entry;
    const refusal = refusalOf(room, job, demand, now);
    if (refusal === null) {
      outcome.dispatched(entry, room.placeFor(demand));
      continue;
    }
    outcome.waits(entry, refusal.reason);
    const waited = now - Math.max(job.createdAt, job.retryAfter ?? 0);
    if (room.reserved === null && waited > patienceMs && waitsForVram(room, demand, refusal)) room.reserveFor(demand);
  }
}

/** An order that any of several hosts could take is directed where its memory is accounted for. */
function toEntry(job: PendingJob, demand: Demand, place: Place | null): DispatchEntry {
  return {
    job,
    target: job.target ?? (demand.severalHosts ? (place?.host ?? null) : null),
    host: place?.device?.host ?? null,
    device: place?.device?.id ?? null,
  };
}
