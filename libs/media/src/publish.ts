import { link, lstat, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MediaError, systemErrorCode, withDiskFullCode } from './errors.js';
import type { LibraryOutput, MediaLibrary } from './library.js';
import { attemptOfPartial, partialName } from './library-path.js';
import type { RunControl } from './pause.js';
import type { ProgressSink } from './progress.js';
import {
  jobOfMarker,
  markerFor,
  ownMarker,
  removeEarlierMarkers,
  renamed,
  type AttemptIdentity,
} from './published-marker.js';

/** A temporary file that nobody wrote to for this long belongs to an attempt that is gone. */
const ABANDONED_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/** What ffmpeg writes at once, twice over: a disk with less room than that took not all of it. */
const LEAST_ROOM_BYTES = 64 * 1024;

/** What a file system without hard links answers, and one that takes no further one of a file. */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** The job that an output is made for; a job's context fits. */
export interface ProducingJob {
  readonly signal: AbortSignal;
  /** Takes what to do once the answer that the job is completed was taken; left out, it is done at once. */
  afterCompleted?(cleanUp: () => Promise<void>): void;
  /** Takes how to undo what was published, for when the job is over and has not completed. */
  afterFailed?(undo: () => Promise<void>): void;
}

/** The job of work that takes several steps and says how far it is; a job's context fits. */
export interface MakingJob extends ProducingJob, RunControl, ProgressSink {
  /** A folder of its own, removed when the attempt ended. */
  readonly workDir: string;
}

/** How an output is made. */
export interface OutputSteps<Made, Verified> {
  /** Writes the output to a hidden temporary file beside its target, or into a folder where it is of several files. */
  make(temporary: string): Promise<Made>;
  /**
   * Checks the finished file or folder, and throws when it is not what it should be.
   * @param made what `make` returned; null for a file that an earlier attempt made
   */
  verify(file: string, made: Made | null): Promise<Verified>;
}

/** An output in its place. */
export interface Produced<Verified> {
  /** Relative to the library. */
  readonly path: string;
  /** What `verify` returned. */
  readonly verified: Verified;
  /** An earlier attempt of the job made and published it, and died before it could say so. */
  readonly adopted: boolean;
}

/**
 * Makes one output: `make` writes to a hidden temporary file beside the target, `verify` checks it, then the
 * file gets its final name. An output of several files is a folder, and gets its name with all of them at once. An output that an earlier attempt of the job published is verified and adopted instead.
 * However this ends, no temporary file stays. Those that killed attempts of the job left in the folder are removed first.
 *
 * The final name is where an abort comes too late: up to it the work is stopped and leaves nothing, from it on the
 * job is completed. Others may have seen the file by then, and what was seen is not taken away again.
 * @throws {MediaError} OUTPUT_EXISTS, DISK_FULL; and what the steps throw
 * @throws the signal's reason after an abort
 */
export async function produceOutput<Made, Verified>(
  library: MediaLibrary,
  output: LibraryOutput,
  attempt: AttemptIdentity,
  job: ProducingJob,
  steps: OutputSteps<Made, Verified>,
): Promise<Produced<Verified>> {
  await removeAbandoned(dirname(output.absolute), attempt);
  if (output.marker !== null) return adopt(output, output.marker, attempt, job, steps);
  const temporary = join(dirname(output.absolute), partialName(basename(output.absolute), attemptTag(attempt)));
  try {
    if (output.main !== null) await mkdir(temporary);
    const verified = await steps.verify(temporary, await steps.make(temporary));
    const { relative } = await publish(library, temporary, output, attempt, job);
    return { path: relative, verified, adopted: false };
  } catch (error) {
    throw await blameDisk(withDiskFullCode(error), dirname(temporary));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** An output that is wrong on a disk without room is so for want of room: not every muxer tells of that. */
async function blameDisk(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof MediaError) || error.code !== 'OUTPUT_INVALID') return error;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= LEAST_ROOM_BYTES) return error;
  return new MediaError('DISK_FULL', `no space left on the disk of the library: ${error.message}`, {
    cause: error,
    facts: error.facts,
  });
}

async function adopt<Made, Verified>(
  output: LibraryOutput,
  marker: string,
  attempt: AttemptIdentity,
  job: ProducingJob,
  steps: OutputSteps<Made, Verified>,
): Promise<Produced<Verified>> {
  try {
    const verified = await steps.verify(output.absolute, null);
    // Its maker may have died before it did this.
    await sync(dirname(output.absolute));
    undoWhenFailed(output, marker, attempt, job);
    await removeWhenCompleted(marker, job);
    return { path: output.relative, verified, adopted: true };
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'OUTPUT_INVALID') throw error;
    throw new MediaError('OUTPUT_EXISTS', `${output.relative} exists already, and is damaged: ${error.message}`, {
      cause: error,
      facts: error.facts,
    });
  }
}

/**
 * Gives a finished file its final name: its content reaches the disk first, the name appears at once
 * and never replaces another file. An output whose name was not asked for takes the next free one.
 * @returns where the file is now
 * @throws {MediaError} OUTPUT_EXISTS when a name that was asked for is taken
 */
async function publish(
  library: MediaLibrary,
  temporary: string,
  output: LibraryOutput,
  attempt: AttemptIdentity,
  job: ProducingJob,
): Promise<LibraryOutput> {
  await syncAll(temporary, output.main !== null);
  const marker = await markFinished(temporary, output, attempt);
  let target: LibraryOutput;
  try {
    job.signal.throwIfAborted();
    const finished = output.main === null ? (marker ?? temporary) : temporary;
    target = await place(library, finished, output);
  } catch (error) {
    if (marker !== null) await rm(marker, { force: true });
    throw error;
  }
  undoWhenFailed(target, marker, attempt, job);
  await sync(dirname(target.absolute));
  if (marker !== null) await removeWhenCompleted(marker, job);
  return target;
}

/** Gives what is finished its hidden name: a file is renamed to it, a folder's main file gets it as a second one. */
async function markFinished(
  temporary: string,
  { main }: LibraryOutput,
  attempt: AttemptIdentity,
): Promise<string | null> {
  const known = join(temporary, main ?? '');
  const name = await markerFor(known, attempt);
  if (name === null) return null;
  const marker = join(dirname(temporary), name);
  // Before the file has the name: to this run it must never look like an earlier one's output.
  ownMarker(attempt, marker);
  if (main === null) {
    await rename(temporary, marker);
    await removeEarlierMarkers(marker);
    return marker;
  }
  return (await hardLink(known, marker)) ? marker : null;
}

/**
 * A job that does not complete leaves no output. Once this attempt's hidden name is gone the output is that of a later
 * attempt, or of a completed one, which a worker that stood still for long may not know, and stays.
 */
function undoWhenFailed(
  { absolute, main }: LibraryOutput,
  marker: string | null,
  attempt: AttemptIdentity,
  job: ProducingJob,
): void {
  job.afterFailed?.(async () => {
    if (marker !== null) {
      if (!(await isOneFile(marker, join(absolute, main ?? '')))) return;
      // From here on no later attempt can adopt it.
      const undone = join(dirname(marker), partialName(basename(absolute), attemptTag(attempt)));
      if (!(await renamed(marker, undone))) return;
      await rm(undone, { force: true });
    }
    await rm(absolute, { recursive: true, force: true });
  });
}

async function isOneFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one).catch(() => null), lstat(other).catch(() => null)]);
  return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino;
}

/** Until then the hidden name tells a next attempt whose output it is. */
async function removeWhenCompleted(marker: string, job: ProducingJob): Promise<void> {
  const remove = (): Promise<void> => rm(marker, { force: true });
  if (job.afterCompleted) job.afterCompleted(remove);
  else await remove();
}

/** Gives the file or folder the first name that nothing has. */
async function place(library: MediaLibrary, from: string, output: LibraryOutput): Promise<LibraryOutput> {
  const putWithoutOverwriting = output.main === null ? linkWithoutOverwriting : renameFolder;
  let target = output;
  while (!(await putWithoutOverwriting(from, target.absolute))) {
    if (output.madeFrom === null) throw new MediaError('OUTPUT_EXISTS', `${output.relative} exists already`);
    target = await library.freeOutput(output.madeFrom);
  }
  return target;
}

/** False when something has the name already. The first name stays, where the file system has hard links. */
async function linkWithoutOverwriting(from: string, to: string): Promise<boolean> {
  try {
    return (await hardLink(from, to)) || (await reserveAndRename(from, to));
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** False where the file system has no hard links. */
async function hardLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_HARD_LINKS.includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

/** False when something has the name already. An empty folder holds nothing that could be lost, and is replaced. */
async function renameFolder(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

/** For file systems without hard links: an empty file takes the name, then the rename replaces that one. */
async function reserveAndRename(from: string, to: string): Promise<boolean> {
  await (await open(to, 'wx')).close();
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  return true;
}

/** A folder with all that is in it, which comes first. */
async function syncAll(path: string, isFolder: boolean): Promise<void> {
  const entries = isFolder ? await readdir(path, { withFileTypes: true }) : [];
  for (const entry of entries) await syncAll(join(path, entry.name), entry.isDirectory());
  await sync(path);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function attemptTag({ jobId, attemptId }: AttemptIdentity): string {
  return `${jobId === null ? '' : `${jobId}_`}${String(attemptId)}`;
}

/**
 * A job's earlier attempts are over when the next one starts, so their partial files can go, and finished ones
 * that never got their final name. Files of other jobs go when they are old, since their attempts may be running.
 */
async function removeAbandoned(folder: string, { jobId }: AttemptIdentity): Promise<void> {
  // Folders first: a hidden name that is left alone by one goes with it.
  const names = await readdir(folder);
  for (const name of [...names.filter((each) => jobOfMarker(each) === null), ...names.filter(jobOfMarker)]) {
    const tag = attemptOfPartial(name);
    const publisher = jobOfMarker(name);
    if (tag === null && publisher === null) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => null);
    if (!file?.isFile() && !(file?.isDirectory() && tag !== null)) continue;
    const isPartialOfJob = jobId !== null && tag?.startsWith(`${jobId}_`) === true;
    const isUnpublishedOfJob = jobId !== null && publisher === jobId && file.nlink === 1;
    const isOld = Date.now() - file.mtimeMs > ABANDONED_AFTER_MS;
    if (isPartialOfJob || isUnpublishedOfJob || isOld) await rm(path, { recursive: true, force: true });
  }
}
