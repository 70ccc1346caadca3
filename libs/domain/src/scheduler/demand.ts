import type { PendingJob } from './snapshot.js';

/** A device and what is free of it while a plan is made. */
export interface DeviceRoom {
  readonly id: string;
  readonly host: string;
  vramMb: number;
  /** MB; below 0 when more is held than there is. */
  free: number;
}

/** A worker and its free slots while a plan is made. */
export interface WorkerRoom {
  readonly instanceId: string;
  readonly host: string | null;
  readonly jobTypes: ReadonlySet<string>;
  readonly devices: readonly DeviceRoom[];
  free: number;
}

/** Somewhere a job can go: any of these workers may take its order. */
export interface Place {
  /** Null when the order is for whoever takes it first. */
  readonly host: string | null;
  /** The device whose memory it would hold; null where none is accounted for. */
  readonly device: DeviceRoom | null;
  readonly workers: readonly WorkerRoom[];
}

/** The first constraint that a job does not meet, and why. */
export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

/** What a set of like jobs asks for. They are placed and refused alike, but for their retry times and ages. */
export interface Demand {
  readonly job: PendingJob;
  /** Whether a live worker serves the type, on any host. */
  readonly served: boolean;
  /** The live workers that serve the type on the target host, where set. */
  readonly fitting: readonly WorkerRoom[];
  /** Where it could go once there is room; empty when no device is large enough. */
  readonly places: readonly Place[];
  /** How many workers these places have. */
  readonly takers: number;
  /** Whether workers on several hosts could take an order that is not directed. */
  readonly severalHosts: boolean;
  /** The refusal that was found when the room had this version. */
  known: { readonly version: number; readonly refusal: Refusal | null } | null;
}

/** Equal for jobs that ask for the same. */
export const demandKey = ({ type, category, vramRequired, target, unroutableSince }: PendingJob): string =>
  JSON.stringify([type, category, vramRequired, target, unroutableSince !== null]);

/** Finds the places for a job among the live workers. */
export function toDemand(job: PendingJob, workers: readonly WorkerRoom[]): Demand {
  const serving = workers.filter(({ jobTypes }) => jobTypes.has(job.type));
  const fitting = serving.filter(({ host }) => job.target === null || host === job.target);
  const byHost = new Map<string | null, WorkerRoom[]>();
  for (const worker of fitting) byHost.set(worker.host, [...(byHost.get(worker.host) ?? []), worker]);
  const places = job.vramRequired > 0 ? vramPlaces(job.vramRequired, byHost) : null;
  const open = places ?? [{ host: null, device: null, workers: fitting }];
  return {
    job,
    served: serving.length > 0,
    fitting,
    places: open,
    takers: new Set(open.flatMap((place) => place.workers)).size,
    severalHosts: byHost.size > 1,
    known: null,
  };
}

/**
 * The devices that are large enough, and the hosts whose workers all work without a device: only to
 * those can an order be directed so that no worker takes it whose memory was not accounted for.
 * Null when no worker has a device: then it does not matter who takes the order.
 */
function vramPlaces(vramMb: number, byHost: ReadonlyMap<string | null, readonly WorkerRoom[]>): Place[] | null {
  const places: Place[] = [];
  let accounted = false;
  for (const [host, workers] of byHost) {
    const devices = new Set(workers.flatMap((worker) => worker.devices));
    if (devices.size > 0) accounted = true;
    else if (host !== null) places.push({ host, device: null, workers });
    for (const device of devices) {
      if (device.vramMb < vramMb) continue;
      places.push({ host, device, workers: workers.filter((worker) => worker.devices.includes(device)) });
    }
  }
  return accounted ? places : null;
}

/** The worker with most free slots, the first of them where several have as many. */
export function mostFree(workers: readonly WorkerRoom[]): WorkerRoom | null {
  let best: WorkerRoom | null = null;
  for (const worker of workers) if (best === null || worker.free > best.free) best = worker;
  return best;
}

/** Whether one of the place's workers has a free slot. */
export const hasSlot = ({ workers }: Place): boolean => workers.some(({ free }) => free > 0);

/** Whether the place has the memory free that the job needs there. */
export const hasVram = ({ device }: Place, { vramRequired }: PendingJob): boolean =>
  device === null || device.free >= vramRequired;

/** The places with a free slot, or all of them where none has: lack of memory is told of those that matter. */
export function openPlaces({ places }: Demand): readonly Place[] {
  const open = places.filter(hasSlot);
  return open.length > 0 ? open : places;
}
