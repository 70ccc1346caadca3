import type { AgeingRule, PendingJob } from './snapshot.js';

/** A job's priority after it has waited until `now` (ms since the epoch): 1 is the highest, whatever its age. */
export function effectivePriority(job: PendingJob, ageing: AgeingRule | null, now: number): number {
  if (ageing === null) return job.priority;
  const levels = Math.floor(Math.max(0, now - job.createdAt) / ageing.everyMs);
  return Math.min(job.priority, Math.max(1, job.priority - levels));
}

/** Sorts in place: effective priority first, then age, then id so that the order is total. */
export function sortInOrder<T extends { readonly job: PendingJob }>(
  entries: T[],
  ageing: AgeingRule | null,
  now: number,
): T[] {
  if (ageing === null) return entries.sort((a, b) => a.job.priority - b.job.priority || byAge(a.job, b.job));
  const levels = new Map(entries.map(({ job }) => [job, effectivePriority(job, ageing, now)]));
  return entries.sort((a, b) => (levels.get(a.job) ?? 0) - (levels.get(b.job) ?? 0) || byAge(a.job, b.job));
}

function byAge(a: PendingJob, b: PendingJob): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
