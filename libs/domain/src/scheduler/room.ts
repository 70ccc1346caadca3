import type { ResourceCategory } from '@reelay/contracts';
import {
  demandKey,
  hasSlot,
  hasVram,
  mostFree,
  toDemand,
  type Demand,
  type DeviceRoom,
  type Place,
  type WorkerRoom,
} from './demand.js';
import type { DispatchSnapshot, OpenAttempt, PendingJob, WorkerCapacity } from './snapshot.js';

/** What the plan is made on, but for the jobs. */
export type RoomSnapshot = Omit<DispatchSnapshot, 'pending'>;

/** What an attempt holds until it ends. */
export interface Booking {
  readonly category: ResourceCategory;
  /** Whether it counts in its category. */
  readonly counted: boolean;
  /** Whose slot it holds. */
  readonly worker: WorkerRoom | null;
  readonly device: DeviceRoom | null;
  readonly vramMb: number;
}

/** The room that is left while a plan is made. */
export class Room {
  readonly workers: readonly WorkerRoom[];
  /** What the snapshot's attempts hold, in their order. */
  readonly held: readonly Booking[];
  private readonly used: Record<ResourceCategory, number> = { cpu: 0, gpu_encode: 0, gpu_ai: 0 };
  private readonly devices = new Map<string, Map<string, DeviceRoom>>();
  private readonly demands = new Map<string, Demand>();
  private reservedDevice: DeviceRoom | null = null;
  private changes = 0;

  constructor(readonly snapshot: RoomSnapshot) {
    this.workers = snapshot.workers.map((worker) => this.workerRoom(worker));
    const { attempts } = snapshot;
    const held = new Map<OpenAttempt, Booking>();
    // Whose slot a claimed attempt holds is known; the orders that are out then fill up the others.
    for (const status of ['running', 'out'] as const) {
      for (const attempt of attempts) if (attempt.status === status) held.set(attempt, this.hold(attempt));
    }
    this.held = attempts.flatMap((attempt) => held.get(attempt) ?? []);
  }

  /** Changes whenever the answer to a demand may change. */
  get version(): number {
    return this.changes;
  }

  /** The device on which later jobs take no memory. */
  get reserved(): DeviceRoom | null {
    return this.reservedDevice;
  }

  /** How many jobs of the category are out or running. */
  inCategory(category: ResourceCategory): number {
    return this.used[category];
  }

  /** What the job asks for. Like jobs share one demand, so that a long queue is cheap to look through. */
  demandOf(job: PendingJob): Demand {
    const key = demandKey(job);
    let demand = this.demands.get(key);
    if (demand === undefined) {
      demand = toDemand(job, this.workers);
      this.demands.set(key, demand);
    }
    return demand;
  }

  /**
   * The place that the job gets: the device that it fills best, else the workers without a device
   * that have most room. Null when it has none.
   */
  placeFor({ job, places }: Demand): Place | null {
    let best: Place | null = null;
    for (const place of places) {
      if (!hasSlot(place) || !hasVram(place, job) || this.isReserved(place)) continue;
      if (best === null || fitsBetter(place, best)) best = place;
    }
    return best;
  }

  /** Books a worker's slot, the category and the device's memory. A place of null is an order sent on trust. */
  take({ job }: Demand, place: Place | null): Booking {
    const worker = mostFree(place?.workers ?? []);
    return this.book({
      category: job.category,
      counted: true,
      worker,
      device: place?.device ?? null,
      vramMb: job.vramRequired,
    });
  }

  /** Gives back what an attempt held. */
  release(booking: Booking): void {
    this.apply(booking, -1);
  }

  /** Reserves the device that could hold the job and has most memory free: it is likely to be the first with enough. */
  reserveFor({ places }: Demand): void {
    let best: DeviceRoom | null = null;
    for (const { device } of places) if (device && (best === null || device.free > best.free)) best = device;
    this.setReserved(best);
  }

  /** Forgets the reservation: each pass makes its own. */
  clearReservation(): void {
    this.setReserved(null);
  }

  isReserved({ device }: Place): boolean {
    return device !== null && device === this.reservedDevice;
  }

  private setReserved(device: DeviceRoom | null): void {
    if (device === this.reservedDevice) return;
    this.reservedDevice = device;
    this.changes++;
  }

  private workerRoom({ instanceId, host, jobTypes, slots, devices }: WorkerCapacity): WorkerRoom {
    return {
      instanceId,
      host,
      jobTypes: new Set(jobTypes),
      devices: host === null ? [] : devices.map(({ id, vramMb }) => this.announce(host, id, vramMb)),
      free: slots,
    };
  }

  private announce(host: string, id: string, vramMb: number): DeviceRoom {
    const onHost = this.devices.get(host) ?? new Map<string, DeviceRoom>();
    this.devices.set(host, onHost);
    const device = onHost.get(id) ?? { id, host, vramMb, free: vramMb };
    if (vramMb < device.vramMb) device.vramMb = device.free = vramMb;
    onHost.set(id, device);
    return device;
  }

  private hold(attempt: OpenAttempt): Booking {
    const { category, host, device, vramMb, holdsSlot } = attempt;
    const deviceRoom = host === null || device === null ? undefined : this.devices.get(host)?.get(device);
    return this.book({
      category,
      counted: holdsSlot,
      worker: holdsSlot ? this.workerOf(attempt, deviceRoom) : null,
      device: deviceRoom ?? null,
      vramMb,
    });
  }

  /** Which worker takes an order from the queue is not known before it does: the one with most room is taken for it. */
  private workerOf(attempt: OpenAttempt, device: DeviceRoom | undefined): WorkerRoom | null {
    const { status, instanceId, type, target } = attempt;
    if (status === 'running') return this.workers.find((worker) => worker.instanceId === instanceId) ?? null;
    const takers = this.workers.filter(
      ({ jobTypes, host }) => jobTypes.has(type) && (target === null || host === target),
    );
    const withDevice = device ? takers.filter(({ devices }) => devices.includes(device)) : [];
    return mostFree(withDevice.length > 0 ? withDevice : takers);
  }

  private book(booking: Booking): Booking {
    this.apply(booking, 1);
    return booking;
  }

  private apply({ category, counted, worker, device, vramMb }: Booking, sign: 1 | -1): void {
    if (counted) this.used[category] += sign;
    if (worker) worker.free -= sign;
    if (device) device.free -= sign * vramMb;
    this.changes++;
  }
}

/** Devices before hosts without one; of devices the one that is left with least memory, of hosts the emptiest. */
function fitsBetter(place: Place, than: Place): boolean {
  if (place.device && than.device) return place.device.free < than.device.free;
  if (place.device || than.device) return place.device !== null;
  return (mostFree(place.workers)?.free ?? 0) > (mostFree(than.workers)?.free ?? 0);
}
