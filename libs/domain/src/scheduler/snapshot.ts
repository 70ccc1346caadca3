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
  /** 1 is the highest, 10 the lowest. */
  readonly priority: number;
  readonly createdAt: number;
  readonly retryAfter: number | null;
  /** The host that must run it. */
  readonly target: string | null;
  /** Video memory that it needs on one device, in MB; 0 when it needs none. Its type's contract says the least. */
  readonly vramRequired: number;
  /** When its order came back since no worker had announced its type; of no account once one has. */
  readonly unroutableSince: number | null;
}

/** A device with video memory. */
export interface Device {
  /** Unique on its host: two workers on one host that announce the same id share the device. */
  readonly id: string;
  /** All of its memory, in MB. Where workers disagree, the least that one of them announced counts. */
  readonly vramMb: number;
}

/** A live worker that takes orders. One that is paused is left out of the snapshot. */
export interface WorkerCapacity {
  readonly instanceId: string;
  /** Null for a worker that announced none: no order can be directed to it, and its devices are of no account. */
  readonly host: string | null;
  readonly jobTypes: readonly string[];
  /** How many attempts it runs at once. */
  readonly slots: number;
  /** None for a worker that works without a GPU: it takes any job, and no video memory is accounted for. */
  readonly devices: readonly Device[];
}

/** An attempt that can still be answered. It holds what it was given until it ends. */
export interface OpenAttempt {
  readonly jobId: string;
  readonly type: string;
  readonly category: ResourceCategory;
  /** `out`: no worker has claimed its order yet. */
  readonly status: 'out' | 'running';
  /** The worker that claimed it. */
  readonly instanceId: string | null;
  /** The host to whose queue its order went; null when it went to the queue that all workers of the type share. */
  readonly target: string | null;
  /** Where it runs; before it is claimed, the host that the plan chose, if it chose one. */
  readonly host: string | null;
  /** The device of `host` on which it holds `vramMb`. Without one, no video memory is accounted for. */
  readonly device: string | null;
  readonly vramMb: number;
  /** False for a paused attempt: others get its slot and its place in its category, but not its video memory. */
  readonly holdsSlot: boolean;
}

/** Lifts a job by one priority level for each `everyMs` (above 0) that it has waited, up to 1. */
export interface AgeingRule {
  readonly everyMs: number;
}

/**
 * The first job in order that has waited longer than `afterMs`, since it was created or its retry
 * was due, and finds too little video memory reserves the device that could hold it and has most
 * free: later jobs take no memory there, so that many small jobs cannot starve a big one. Jobs that
 * need no video memory are not held up.
 */
export interface ReservationRule {
  readonly afterMs: number;
}

/** All that the decision depends on. */
export interface DispatchSnapshot {
  readonly pending: readonly PendingJob[];
  readonly workers: readonly WorkerCapacity[];
  readonly attempts: readonly OpenAttempt[];
  readonly limits: CategoryCounts;
  /** Types that some worker announced once, and when one was last heard of (ms since the epoch). */
  readonly announced: ReadonlyMap<string, number>;
  readonly pausedTypes: ReadonlySet<string>;
  readonly pausedCategories: ReadonlySet<ResourceCategory>;
  readonly queuePaused: boolean;
  /** Who paused the queue, as the waiting reason names them. */
  readonly queuePausedBy?: string | null;
  /** Null: priorities stay as they are. */
  readonly ageing: AgeingRule | null;
  /** Null: nothing is reserved. */
  readonly reservation: ReservationRule | null;
}
