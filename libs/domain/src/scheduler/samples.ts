import type { DispatchEntry, DispatchPlan } from './plan.js';
import type { DispatchSnapshot, OpenAttempt, PendingJob, WorkerCapacity } from './snapshot.js';

/** The time of the specs, in ms since the epoch. */
export const NOW = Date.parse('2026-02-13T10:30:00.000Z');

/** When each announced type of a sample was last heard of, in ms since the epoch. */
const HEARD = Date.parse('2026-02-13T10:29:55.250Z');

/** A job that could run on a sample worker. */
export const job = (id: string, fields: Partial<PendingJob> = {}): PendingJob => ({
  id,
  type: 'validate',
  category: 'cpu',
  priority: 5,
  createdAt: NOW,
  retryAfter: null,
  target: null,
  vramRequired: 0,
  unroutableSince: null,
  ...fields,
});

/** A worker without devices, with one slot, on a host of its own. */
export const worker = (instanceId: string, fields: Partial<WorkerCapacity> = {}): WorkerCapacity => ({
  instanceId,
  host: `host-of-${instanceId}`,
  jobTypes: ['validate'],
  slots: 1,
  devices: [],
  ...fields,
});

/** An attempt that runs on no worker of the snapshot, unless the fields say so. */
export const attempt = (fields: Partial<OpenAttempt> = {}): OpenAttempt => ({
  jobId: 'earlier',
  type: 'validate',
  category: 'cpu',
  status: 'running',
  instanceId: null,
  target: null,
  host: null,
  device: null,
  vramMb: 0,
  holdsSlot: true,
  ...fields,
});

/** A snapshot in which every type that a worker serves, and each of `alsoAnnounced`, was announced. */
export function snapshot(
  pending: readonly PendingJob[],
  workers: readonly WorkerCapacity[],
  rest: Partial<DispatchSnapshot> = {},
  alsoAnnounced: readonly string[] = [],
): DispatchSnapshot {
  const types = [...workers.flatMap(({ jobTypes }) => jobTypes), ...alsoAnnounced];
  return {
    pending,
    workers,
    attempts: [],
    limits: { cpu: 100, gpu_encode: 100, gpu_ai: 100 },
    announced: new Map(types.map((type) => [type, HEARD])),
    pausedTypes: new Set(),
    pausedCategories: new Set(),
    queuePaused: false,
    ageing: null,
    reservation: null,
    ...rest,
  };
}

/** The ids of the jobs that a plan sends, in order. */
export const sent = (plan: DispatchPlan): string[] => plan.dispatch.map((entry) => entry.job.id);

/** Why the others wait, by their ids. */
export const reasons = (plan: DispatchPlan): Record<string, string> =>
  Object.fromEntries(plan.waiting.map((entry) => [entry.job.id, entry.reason]));

/** The attempt that follows from an entry of a plan, as long as no worker has claimed it. */
export const toAttempt = ({ job: { id, type, category, vramRequired }, ...place }: DispatchEntry): OpenAttempt =>
  attempt({ jobId: id, type, category, status: 'out', vramMb: vramRequired, ...place });
