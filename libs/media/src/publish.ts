import { link, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MediaError, systemErrorCode, withDiskFullCode } from './errors.js';
import type { LibraryOutput, MediaLibrary } from './library.js';
import { attemptOfPartial, partialName } from './library-path.js';

/** The attempt that makes an output. No two attempts share a temporary name. */
export interface AttemptIdentity {
  /** All attempts of one job share it; null when the order did not say. */
  readonly jobId: string | null;
  readonly attemptId: number;
}

/** A temporary file that nobody wrote to for this long belongs to an attempt that is gone. */
const ABANDONED_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Makes one output: `make` writes to a hidden temporary file beside the target and verifies it, then
 * the file gets its final name. However this ends, no temporary file stays; a final one stays only on success.
 * Temporary files that killed attempts of the same job left in the folder are removed first.
 * @returns the output's path in the library, and what `make` returned
 * @throws {MediaError} OUTPUT_EXISTS, DISK_FULL; and what `make` throws
 */
export async function produceOutput<T>(
  library: MediaLibrary,
  output: LibraryOutput,
  attempt: AttemptIdentity,
  signal: AbortSignal,
  make: (temporary: string) => Promise<T>,
): Promise<{ path: string; made: T }> {
  const temporary = join(dirname(output.absolute), partialName(basename(output.absolute), attemptTag(attempt)));
  await removeAbandoned(dirname(output.absolute), attempt);
  try {
    const made = await make(temporary);
    signal.throwIfAborted();
    const published = await publish(library, temporary, output);
    if (signal.aborted) await rm(published.absolute, { force: true });
    signal.throwIfAborted();
    return { path: published.relative, made };
  } catch (error) {
    throw withDiskFullCode(error);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Gives a finished file its final name: its content reaches the disk first, the name appears at once
 * and never replaces another file. An output whose name was not asked for takes the next free one.
 * @returns where the file is now
 * @throws {MediaError} OUTPUT_EXISTS when a name that was asked for is taken
 */
export async function publish(library: MediaLibrary, temporary: string, output: LibraryOutput): Promise<LibraryOutput> {
  await sync(temporary);
  let target = output;
  while (!(await moveWithoutOverwriting(temporary, target.absolute))) {
    if (output.madeFrom === null) throw new MediaError('OUTPUT_EXISTS', `${output.relative} exists already`);
    target = await library.freeOutput(output.madeFrom);
  }
  await sync(dirname(target.absolute));
  return target;
}

/** False when something has the name already. */
async function moveWithoutOverwriting(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    await unlink(from);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemErrorCode(error) ?? '')) throw error;
    return reserveAndRename(from, to);
  }
}

/** For file systems without hard links: an empty file takes the name, then the rename replaces that one. */
async function reserveAndRename(from: string, to: string): Promise<boolean> {
  try {
    await (await open(to, 'wx')).close();
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  return true;
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
 * A job's earlier attempts are over when the next one starts, so their files can go. Files of other
 * jobs go when they are old, since their attempts may be running.
 */
async function removeAbandoned(folder: string, attempt: AttemptIdentity): Promise<void> {
  for (const name of await readdir(folder)) {
    const tag = attemptOfPartial(name);
    if (tag === null) continue;
    const path = join(folder, name);
    const ofThisJob = attempt.jobId !== null && tag.startsWith(`${attempt.jobId}_`);
    if (ofThisJob || (await isAbandoned(path))) await rm(path, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const file = await stat(path).catch(() => null);
  return file !== null && file.isFile() && Date.now() - file.mtimeMs > ABANDONED_AFTER_MS;
}
