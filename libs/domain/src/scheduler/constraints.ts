import { hasSlot, hasVram, openPlaces, type Demand, type Refusal } from './demand.js';
import type { Room } from './room.js';
import type { DispatchSnapshot, PendingJob } from './snapshot.js';

/** What a job must meet to be sent, in the order in which waiting reasons name it. */
export const CONSTRAINT_NAMES = [
  'retry time',
  'pause',
  'announced',
  'live worker',
  'target host',
  'category limit',
  'slot',
  'VRAM',
  'reservation',
] as const;
export type ConstraintName = (typeof CONSTRAINT_NAMES)[number];

/** One thing that a job must meet to be sent. */
export interface Constraint {
  readonly name: ConstraintName;
  /** Whether the job meets it now. */
  readonly ok: boolean;
  /** The fact behind the answer; the waiting reason where it is not met. */
  readonly detail: string;
}

interface Rule {
  /** Why the job cannot run now, or null when it meets the constraint. */
  readonly refusal: (room: Room, demand: Demand) => string | null;
  /** The fact behind a constraint that is met. */
  readonly fact: (room: Room, demand: Demand) => string;
}

type RoomRule = Exclude<ConstraintName, 'retry time'>;

/** All but the retry time, which is each job's own, is the same for like jobs. */
const RULES: Readonly<Record<RoomRule, Rule>> = {
  pause: {
    refusal: ({ snapshot }, { job }) => pauseOf(job, snapshot),
    fact: (_, { job }) => `neither the queue, nor job type ${job.type}, nor category ${job.category} is paused`,
  },
  announced: {
    refusal: ({ snapshot }, { job }) =>
      snapshot.announced.has(job.type) || job.unroutableSince === null
        ? null
        : `no worker has announced job type ${job.type}`,
    fact: (room, { job }) =>
      isOnTrust(room, job)
        ? `no worker has announced job type ${job.type}: its order is sent once, on trust`
        : `job type ${job.type} was announced`,
  },
  'live worker': {
    refusal: ({ snapshot }, { job, served }) => {
      const lastHeard = snapshot.announced.get(job.type);
      if (served || lastHeard === undefined) return null;
      return `no live worker serves job type ${job.type} since ${isoSeconds(lastHeard)}`;
    },
    fact: (_, { job, served }) => (served ? `a live worker serves job type ${job.type}` : 'none is known to be needed'),
  },
  'target host': {
    refusal: (room, { job, fitting }) =>
      job.target === null || fitting.length > 0 || isOnTrust(room, job)
        ? null
        : `no live worker on host ${job.target} serves job type ${job.type}`,
    fact: (_, { job }) => (job.target === null ? 'it may run on any host' : `it runs on host ${job.target}`),
  },
  'category limit': {
    refusal: (room, { job: { category } }) =>
      room.inCategory(category) < room.snapshot.limits[category]
        ? null
        : `category ${category} is at its limit ${ofLimit(room, category)}`,
    fact: (room, { job: { category } }) => `category ${category} is below its limit ${ofLimit(room, category)}`,
  },
  slot: {
    refusal: slotRefusal,
    fact: (_, { places }) => {
      const free = new Set(places.flatMap(({ workers }) => workers.filter((worker) => worker.free > 0)));
      return free.size === 0 ? 'no slot is accounted for' : `${workersWith(free.size)} a free slot`;
    },
  },
  VRAM: { refusal: vramRefusal, fact: vramFact },
  reservation: {
    refusal: (room, demand) => {
      const roomy = openPlaces(demand).filter((place) => hasVram(place, demand.job));
      const taken = roomy.length > 0 && roomy.every((place) => room.isReserved(place));
      return taken ? 'reserved for a job that waits longer' : null;
    },
    fact: () => 'nothing that it needs is reserved for another job',
  },
};

const ROOM_RULES = CONSTRAINT_NAMES.filter((name) => name !== 'retry time');

/** The first constraint that the job does not meet, or null when it could be sent now. */
export function refusalOf(room: Room, job: PendingJob, demand: Demand, now: number): Refusal | null {
  const retry = retryRefusal(job, now);
  if (retry !== null) return { name: 'retry time', reason: retry };
  if (demand.known?.version === room.version) return demand.known.refusal;
  const refusal = firstRefusal(room, demand);
  demand.known = { version: room.version, refusal };
  return refusal;
}

/** Every constraint, met or not, with the fact behind it. */
export function checkAll(room: Room, job: PendingJob, demand: Demand, now: number): Constraint[] {
  const retry = retryRefusal(job, now);
  return [
    { name: 'retry time', ok: retry === null, detail: retry ?? 'it does not wait for a retry' },
    ...ROOM_RULES.map((name) => {
      const refusal = RULES[name].refusal(room, demand);
      return { name, ok: refusal === null, detail: refusal ?? RULES[name].fact(room, demand) };
    }),
  ];
}

/** Whether nothing but room keeps the job waiting, and there is too little video memory, whatever else is short. */
export function waitsForVram(room: Room, demand: Demand, refusal: Refusal): boolean {
  const forRoom: readonly string[] = ['category limit', 'slot', 'VRAM'];
  return forRoom.includes(refusal.name) && vramRefusal(room, demand) !== null;
}

function firstRefusal(room: Room, demand: Demand): Refusal | null {
  for (const name of ROOM_RULES) {
    const reason = RULES[name].refusal(room, demand);
    if (reason !== null) return { name, reason };
  }
  return null;
}

function retryRefusal({ retryAfter }: PendingJob, now: number): string | null {
  return retryAfter !== null && retryAfter > now ? `retries at ${isoSeconds(retryAfter)}` : null;
}

function pauseOf(job: PendingJob, snapshot: Omit<DispatchSnapshot, 'pending'>): string | null {
  if (snapshot.queuePaused)
    return `the queue is paused${snapshot.queuePausedBy ? ` by ${snapshot.queuePausedBy}` : ''}`;
  if (snapshot.pausedTypes.has(job.type)) return `job type ${job.type} is paused`;
  if (snapshot.pausedCategories.has(job.category)) return `category ${job.category} is paused`;
  return null;
}

/** A worker of another make may serve a type without a word: its order is sent once to find out, whoever lives. */
const isOnTrust = ({ snapshot }: Room, job: PendingJob): boolean => !snapshot.announced.has(job.type);

const ofLimit = (room: Room, category: PendingJob['category']): string =>
  `(${String(room.inCategory(category))} of ${String(room.snapshot.limits[category])})`;

function slotRefusal(room: Room, { job, fitting, places, takers }: Demand): string | null {
  if (isOnTrust(room, job)) return null;
  if (fitting.length === 0) return `no live worker has a slot for job type ${job.type}`;
  if (places.length === 0 ? fitting.some(({ free }) => free > 0) : places.some(hasSlot)) return null;
  const count = places.length === 0 ? fitting.length : takers;
  const workers = count === 1 ? 'the worker' : `all ${String(count)} workers`;
  const able = count === fitting.length ? '' : ` that can take ${String(job.vramRequired)} MB of VRAM`;
  return `${workers} for job type ${job.type}${able} ${count === 1 ? 'is' : 'are'} busy`;
}

function vramRefusal(room: Room, demand: Demand): string | null {
  const { job, fitting, places } = demand;
  if (job.vramRequired <= 0 || isOnTrust(room, job)) return null;
  const needs = `needs ${String(job.vramRequired)} MB of VRAM`;
  if (fitting.length === 0) return `${needs}, no live worker has any for job type ${job.type}`;
  if (places.length === 0) {
    const largest = Math.max(...fitting.flatMap(({ devices }) => devices.map(({ vramMb }) => vramMb)));
    return `${needs}, no device of a live worker has more than ${String(largest)}`;
  }
  const open = openPlaces(demand);
  if (open.some((place) => hasVram(place, job))) return null;
  const [best] = open.flatMap(({ device }) => device ?? []).sort((a, b) => b.free - a.free);
  return `${needs}, ${String(Math.max(0, best?.free ?? 0))} free on ${best?.host ?? 'any host'}`;
}

function vramFact(_: Room, demand: Demand): string {
  const { job } = demand;
  if (job.vramRequired <= 0) return 'needs no VRAM';
  const needs = `needs ${String(job.vramRequired)} MB of VRAM`;
  const [place] = openPlaces(demand).filter((open) => hasVram(open, job));
  return place?.device
    ? `${needs}, ${String(place.device.free)} free on ${place.device.host}`
    : `${needs}, and a worker without a device takes it`;
}

const workersWith = (count: number): string => (count === 1 ? '1 worker has' : `${String(count)} workers have`);

/** A time (ms since the epoch) as waiting reasons write it. */
const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
