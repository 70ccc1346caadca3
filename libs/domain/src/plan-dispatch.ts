import type { ResourceCategory } from '@reelay/contracts';

/** A number of jobs for each category, over the whole fleet. */
export type CategoryCounts = Readonly<Record<ResourceCategory, number>>;

/** How many jobs of each category may be out or running at once. */
export const DEFAULT_CATEGORY_LIMITS: CategoryCounts = { cpu: 5, gpu_encode: 2, gpu_ai: 1 };

/** A job that waits. Times are ms since the epoch. */
export interface PendingJob {
  readonly id: string;
  readonly type: string;
  readonly category: ResourceCategory;
  readonly priority: number;
  readonly createdAt: number;
  readonly retryAfter: number | null;
  /** The host that must run it. */
  readonly target: string | null;
  /** When its order came back since no worker had announced its type; of no account once one has. */
  readonly unroutableSince: number | null;
}

/** A live worker. */
export interface WorkerCapacity {
  readonly instanceId: string;
  readonly host: string | null;
  readonly jobTypes: readonly string[];
  readonly slots: number;
  /** Attempts that it has claimed. */
  readonly running: number;
}

/** An order that is out and that no worker has claimed. */
export interface OpenOrder {
  readonly type: string;
  readonly target: string | null;
}

/** All that the decision depends on. */
export interface DispatchSnapshot {
  readonly pending: readonly PendingJob[];
  readonly workers: readonly WorkerCapacity[];
  readonly openOrders: readonly OpenOrder[];
  /** Jobs out or running, by category. */
  readonly inUse: CategoryCounts;
  readonly limits: CategoryCounts;
  /** Types that some worker announced once, and when one was last heard of (ms since the epoch). */
  readonly announced: ReadonlyMap<string, number>;
}

export interface DispatchPlan {
  readonly dispatch: readonly PendingJob[];
  readonly waiting: readonly { readonly job: PendingJob; readonly reason: string }[];
}

/**
 * Which of the waiting jobs are sent now. Pure: the dispatcher does what it says, and the API
 * explains with it why a job waits. A job that cannot run is passed over and blocks no other.
 */
export function planDispatch(snapshot: DispatchSnapshot, now: number): DispatchPlan {
  const room = new Room(snapshot);
  const dispatch: PendingJob[] = [];
  const waiting: { job: PendingJob; reason: string }[] = [];
  for (const job of [...snapshot.pending].sort(byPriorityThenAge)) {
    const reason = room.refusal(job, now);
    if (reason === null) {
      room.take(job);
      dispatch.push(job);
    } else {
      waiting.push({ job, reason });
    }
  }
  return { dispatch, waiting };
}

/** Why each of the jobs does not run now: null where it could, and will at the next pass. */
export function waitingReasons(
  jobs: readonly PendingJob[],
  snapshot: Omit<DispatchSnapshot, 'pending'>,
  now: number,
): Map<string, string | null> {
  const room = new Room(snapshot);
  return new Map(jobs.map((job) => [job.id, room.refusal(job, now)]));
}

/** Priority first (1 is the highest), then age, then id so that the order is total. */
export function byPriorityThenAge(a: PendingJob, b: PendingJob): number {
  return a.priority - b.priority || a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

interface WorkerRoom {
  readonly host: string | null;
  readonly jobTypes: ReadonlySet<string>;
  free: number;
}

/** The room that is left while a plan is made. */
class Room {
  private readonly workers: readonly WorkerRoom[];
  private readonly inUse: Record<ResourceCategory, number>;

  constructor(private readonly snapshot: Omit<DispatchSnapshot, 'pending'>) {
    this.workers = snapshot.workers.map(({ host, jobTypes, slots, running }) => ({
      host,
      jobTypes: new Set(jobTypes),
      free: slots - running,
    }));
    this.inUse = { ...snapshot.inUse };
    for (const order of snapshot.openOrders) this.occupySlot(order);
  }

  /** Why the job cannot run now, or null when it can. */
  refusal(job: PendingJob, now: number): string | null {
    if (job.retryAfter !== null && job.retryAfter > now) return `retries at ${isoSeconds(job.retryAfter)}`;
    const { announced, limits } = this.snapshot;
    const lastHeard = announced.get(job.type);
    if (lastHeard === undefined && job.unroutableSince !== null) {
      return `no worker has announced job type ${job.type}`;
    }
    const used = this.inUse[job.category];
    const limit = limits[job.category];
    if (used >= limit) return `category ${job.category} is at its limit (${String(used)} of ${String(limit)})`;
    return lastHeard === undefined ? null : this.workerRefusal(job, lastHeard);
  }

  /** Books the job's slot and category. */
  take(job: PendingJob): void {
    this.inUse[job.category]++;
    this.occupySlot(job);
  }

  private workerRefusal(job: PendingJob, lastHeard: number): string | null {
    const serving = this.workers.filter(({ jobTypes }) => jobTypes.has(job.type));
    if (serving.length === 0) return `no live worker serves job type ${job.type} since ${isoSeconds(lastHeard)}`;
    const fitting = serving.filter(({ host }) => job.target === null || host === job.target);
    if (fitting.length === 0) return `no live worker on host ${String(job.target)} serves job type ${job.type}`;
    if (!fitting.some(({ free }) => free > 0)) {
      const workers = fitting.length === 1 ? 'the worker' : `all ${String(fitting.length)} workers`;
      return `${workers} for job type ${job.type} ${fitting.length === 1 ? 'is' : 'are'} busy`;
    }
    return null;
  }

  /** An order goes to the worker with most room: which one takes it from the queue is not known before. */
  private occupySlot({ type, target }: OpenOrder): void {
    let best: WorkerRoom | undefined;
    for (const worker of this.workers) {
      if (!worker.jobTypes.has(type) || (target !== null && worker.host !== target)) continue;
      if (best === undefined || worker.free > best.free) best = worker;
    }
    if (best) best.free--;
  }
}

const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
