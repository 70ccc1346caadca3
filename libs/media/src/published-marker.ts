import { createHash } from 'node:crypto';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from './errors.js';

/** The attempt that makes an output; an order fits. One object stands for one run of one attempt. */
export interface AttemptIdentity {
  /** All attempts of one job share it; null when the order did not say. */
  readonly jobId: string | null;
  readonly attemptId: number;
  /** What the output is made by: an output that was made by others is not this job's any more. */
  readonly parameters?: unknown;
}

/*
 * A job's output may get its final name and the worker die before anybody heard of it. The next attempt
 * would find the name taken. So each output keeps a second, hidden name, a hard link, until the
 * backend has taken the answer: `.<job>.<stamp>.<attempt>.published`. A file with the same inode as such a name was published by
 * that job: no other can have it, since an inode that has a name is not used again. The stamp is made of the inode's size
 * and time of writing, so that a file which was overwritten in place since then is not taken for it, and of
 * the parameters, which may be edited between attempts. The attempt is the last one that made or adopted the output: what
 * an earlier one would still do with it finds no such name. A crash leaves one of these:
 *
 * - before the hidden name: a partial file, which the next attempt removes;
 * - after it, before the final name: a hidden name that is the only one of its file, which the next attempt removes;
 * - after the final name, before the answer: both names; the next attempt adopts the output;
 * - after the answer: the hidden name beside the final one. Nobody asks for it; it is removed when it is old.
 *
 * Where the file system has no hard links the hidden name is renamed to the final one, and nothing is adopted.
 *
 * An output of several files is a folder, which gets its final name in one step. The hidden name is that of its main
 * file, and lies beside the folder: it tells of the whole, since no file of it comes or goes alone.
 */

/** Hidden names that a run made or adopted: they are its own, and no output of an earlier one. */
const ownMarkers = new WeakMap<AttemptIdentity, Set<string>>();

/** Whether a file's name is a hidden second name, and of an output of which job; null for any other. */
export function jobOfMarker(name: string): string | null {
  return /^\.([A-Za-z0-9-]+)\.[0-9a-f]{16}\.\d+\.published$/.exec(name)?.[1] ?? null;
}

/** Notes a hidden name as this run's own. */
export function ownMarker(attempt: AttemptIdentity, marker: string): void {
  const own = ownMarkers.get(attempt) ?? new Set();
  ownMarkers.set(attempt, own.add(marker));
}

/** The hidden second name of a finished file, without its folder; null for an attempt whose job is not known. */
export async function markerFor(file: string, attempt: AttemptIdentity): Promise<string | null> {
  if (attempt.jobId === null) return null;
  return `.${attempt.jobId}.${await stampOf(file, attempt)}.${String(attempt.attemptId)}.published`;
}

/** The hidden names in a folder that are of an attempt's job. */
export async function markersOfJob(folder: string, { jobId }: AttemptIdentity): Promise<string[]> {
  if (jobId === null) return [];
  return (await readdir(folder)).filter((name) => jobOfMarker(name) === jobId).map((name) => join(folder, name));
}

/**
 * The one of `markers` that an earlier run of the job left for a file; null when another job or a person made
 * the file, or changed it since. It is this run's own afterwards: one output is adopted once.
 */
export async function adoptMarker(
  file: string,
  attempt: AttemptIdentity,
  markers: readonly string[],
): Promise<string | null> {
  for (const marker of markers) {
    const [hidden, published] = await Promise.all([marker, file].map((path) => lstat(path).catch(() => null)));
    if (!hidden || !published?.isFile() || hidden.dev !== published.dev || hidden.ino !== published.ino) continue;
    const own = await markerFor(file, attempt).catch(() => null);
    if (own === null || withoutAttempt(basename(marker)) !== withoutAttempt(own)) continue;
    // No await between the look and the note: two outputs of one run cannot both take it.
    if (ownMarkers.get(attempt)?.has(marker)) continue;
    ownMarker(attempt, marker);
    const adopted = join(dirname(marker), own);
    ownMarker(attempt, adopted);
    if (await renamed(marker, adopted)) return adopted;
  }
  return null;
}

/** Removes the hidden names that earlier attempts gave to the file of this one: a moved file is the same each time. */
export async function removeEarlierMarkers(marker: string): Promise<void> {
  const folder = dirname(marker);
  const [own, ownAttempt] = [withoutAttempt(basename(marker)), attemptOfMarker(marker)];
  for (const name of await readdir(folder)) {
    if (jobOfMarker(name) === null || withoutAttempt(name) !== own || attemptOfMarker(name) >= ownAttempt) continue;
    await rm(join(folder, name), { force: true });
  }
}

const attemptOfMarker = (marker: string): number => Number(/(\d+)\.published$/.exec(marker)?.[1]);

const withoutAttempt = (marker: string): string => marker.replace(/\d+\.published$/, '');

/** False when it is not there any more: another run was quicker. */
export async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Without the device: the hosts that share a file system number it differently. */
async function stampOf(file: string, { parameters }: AttemptIdentity): Promise<string> {
  const { ino, size, mtimeNs } = await lstat(file, { bigint: true });
  const facts = [ino, size, mtimeNs].map(String);
  return createHash('sha256')
    .update(JSON.stringify([facts, parameters ?? null]))
    .digest('hex')
    .slice(0, 16);
}
