import { effectivePriority, sortInOrder } from './order.js';
import { inOrder, pass, type QueuedDemand } from './plan.js';
import { Room, type Booking } from './room.js';
import type { AgeingRule, DispatchSnapshot, OpenAttempt, PendingJob } from './snapshot.js';

/** How long jobs take, in ms. Less than 1 counts as 1; Infinity is what does not end, as a paused attempt. */
export interface Durations {
  readonly estimateMs: (job: PendingJob) => number;
  /** What is left of an attempt that is out or running. */
  readonly remainingMs: (attempt: OpenAttempt) => number;
}

/** When and where a job would run. Times are ms since the epoch. */
export interface ScheduledJob {
  readonly id: string;
  readonly start: number;
  readonly end: number;
  /** The worker that would take it; null when no live worker serves its type and its order is sent on trust. */
  readonly worker: string | null;
  readonly host: string | null;
  readonly device: string | null;
}

/** What would happen if nothing came in between. */
export interface Simulation {
  /** In the order of their starts. */
  readonly schedule: readonly ScheduledJob[];
  /** From now until the last job has ended, running ones included, in ms; those that do not end are left out. */
  readonly makespanMs: number;
  /** Jobs that no end and no retry time would let start, and why. */
  readonly never: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Carries out plan after plan on a virtual clock. It looks at the queue again whenever an attempt
 * ends or a retry is due: in between, nothing gets free. Nothing fails and nobody comes or goes.
 */
export function simulate(
  snapshot: DispatchSnapshot,
  now: number,
  estimateMs: Durations['estimateMs'],
  remainingMs: Durations['remainingMs'],
): Simulation {
  const run = new VirtualRun(snapshot, now, estimateMs);
  snapshot.attempts.forEach((attempt, index) => {
    run.start(run.room.held[index], now, remainingMs(attempt));
  });
  for (let time = now; time < Infinity; time = run.nextEvent(time)) run.step(time);
  return run.result();
}

interface Activity {
  readonly booking: Booking;
  readonly end: number;
}

class VirtualRun {
  readonly room: Room;
  private queue: QueuedDemand[];
  private reorderAt: number;
  private readonly retries: number[];
  private activities: Activity[] = [];
  private reasons = new Map<string, string>();
  private readonly schedule: ScheduledJob[] = [];
  private lastEnd: number;

  constructor(
    private readonly snapshot: DispatchSnapshot,
    private readonly now: number,
    private readonly estimateMs: Durations['estimateMs'],
  ) {
    this.room = new Room(snapshot);
    this.queue = inOrder(snapshot.pending, this.room, now);
    this.reorderAt = nextLift(this.queue, snapshot.ageing, now);
    this.retries = snapshot.pending.map(({ retryAfter }) => retryAfter ?? now).filter((at) => at > now);
    this.retries.sort((a, b) => b - a);
    this.lastEnd = now;
  }

  /** An attempt holds its booking from `time` until its end, which is returned. */
  start(booking: Booking | undefined, time: number, durationMs: number): number {
    const end = time + (durationMs > 1 ? durationMs : 1);
    if (booking) this.activities.push({ booking, end });
    if (end < Infinity) this.lastEnd = Math.max(this.lastEnd, end);
    return end;
  }

  /** When something gets free or due after `time`; Infinity when nothing does or nobody waits for it. */
  nextEvent(time: number): number {
    if (this.queue.length === 0) return Infinity;
    while ((this.retries.at(-1) ?? Infinity) <= time) this.retries.pop();
    let next = this.retries.at(-1) ?? Infinity;
    for (const { end } of this.activities) if (end < next) next = end;
    return next;
  }

  /** Ends what has ended by `time`, and plans. */
  step(time: number): void {
    const running: Activity[] = [];
    for (const activity of this.activities) {
      if (activity.end > time) running.push(activity);
      else this.room.release(activity.booking);
    }
    this.activities = running;
    if (time >= this.reorderAt) {
      sortInOrder(this.queue, this.snapshot.ageing, time);
      this.reorderAt = nextLift(this.queue, this.snapshot.ageing, time);
    }
    this.plan(time);
  }

  result(): Simulation {
    return {
      schedule: this.schedule,
      makespanMs: this.lastEnd - this.now,
      never: this.queue.map(({ job: { id } }) => ({ id, reason: this.reasons.get(id) ?? '' })),
    };
  }

  private plan(time: number): void {
    const left: QueuedDemand[] = [];
    this.reasons = new Map();
    pass(this.room, this.queue, time, {
      dispatched: ({ job, demand }, place) => {
        const booking = this.room.take(demand, place);
        const end = this.start(booking, time, this.estimateMs(job));
        const { worker, device } = booking;
        this.schedule.push({
          id: job.id,
          start: time,
          end,
          worker: worker?.instanceId ?? null,
          host: worker?.host ?? null,
          device: device?.id ?? null,
        });
      },
      waits: (entry, reason) => {
        left.push(entry);
        this.reasons.set(entry.job.id, reason);
      },
    });
    this.queue = left;
  }
}

/** When ageing first lifts one of the jobs after `now`; until then the order stays as it is. */
function nextLift(queue: readonly QueuedDemand[], ageing: AgeingRule | null, now: number): number {
  if (ageing === null) return Infinity;
  let next = Infinity;
  for (const { job } of queue) {
    if (effectivePriority(job, ageing, now) <= 1) continue;
    const levels = Math.floor(Math.max(0, now - job.createdAt) / ageing.everyMs);
    next = Math.min(next, job.createdAt + (levels + 1) * ageing.everyMs);
  }
  return next;
}
