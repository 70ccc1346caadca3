import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { link, lstat, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { requireRoom } from './disk-watch.js';
import { MediaError, systemErrorCode } from './errors.js';

/** How a file gets its second name. */
export interface SecondName {
  /** `link`: both names are of one file. `copy`: there are two files with the same content. */
  readonly mode: 'link' | 'copy';
}

/** What of a run is watched while a file is copied. */
export interface CopyControl {
  readonly signal: AbortSignal;
  /** So many bytes were copied, of so many. */
  readonly onCopied?: (bytes: number, totalBytes: number) => void;
  /** What is to stay free on the disk that a copy goes to; left out, nothing. */
  readonly reserveBytes?: number;
}

/** Errors of `link` that a copy gets round: another file system, or one without hard links. */
const COPIED_INSTEAD = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Gives a file another name: a link, or where that cannot be a copy with the same times.
 * @param to where nothing is
 * @throws {MediaError} DISK_FULL before a copy that has no room; OUTPUT_INVALID when the copy is not what was copied
 * @throws the signal's reason after an abort
 */
export async function linkOrCopy(from: string, to: string, control: CopyControl): Promise<SecondName> {
  try {
    await link(from, to);
    return { mode: 'link' };
  } catch (error) {
    if (!COPIED_INSTEAD.includes(systemErrorCode(error) ?? '')) throw error;
  }
  await copy(from, to, control);
  return { mode: 'copy' };
}

async function copy(from: string, to: string, { signal, onCopied, reserveBytes = 0 }: CopyControl): Promise<void> {
  const before = await stat(from);
  await requireRoom([dirname(to)], before.size, reserveBytes);
  let copied = 0;
  const source = createReadStream(from);
  source.on('data', (chunk) => {
    copied += chunk.length;
    onCopied?.(copied, before.size);
  });
  await pipeline(source, createWriteStream(to, { flags: 'wx', flush: true }), { signal });
  await utimes(to, before.atime, before.mtime);
  await mustBeEqual(from, to, signal);
  if (!isUnchanged(before, await stat(from))) {
    throw new MediaError('OUTPUT_INVALID', 'the file was changed while it was copied');
  }
}

const isUnchanged = (before: Stats, now: Stats): boolean =>
  before.size === now.size && before.mtimeMs === now.mtimeMs && before.ino === now.ino;

/**
 * Takes the first name away from a file that has two, or the first of two files, once it is sure that the other is the
 * same. A first one that is gone already is fine.
 * @throws {MediaError} OUTPUT_INVALID when it is not
 */
export async function removeMoved(from: string, to: string): Promise<void> {
  const source = await lstat(from).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (source === null) return;
  const target = await lstat(to);
  if (source.ino !== target.ino || source.dev !== target.dev) await mustBeEqual(from, to);
  await rm(from);
  const folder = await open(dirname(from), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function mustBeEqual(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const [one, other] = await Promise.all([from, to].map((file) => digestOf(file, signal)));
  if (one !== other) throw new MediaError('OUTPUT_INVALID', 'the copy is not the same as the file that was copied');
}

async function digestOf(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, signal ? { signal } : {});
  return hash.digest('hex');
}
