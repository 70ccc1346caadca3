import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError, systemErrorCode } from './errors.js';
import { extensionOf, isBelow, safeLibraryPath } from './library-path.js';
import type { MediaLibrary } from './library.js';

/** A file that was found below a folder of the library. */
export interface FoundFile {
  /** Relative to the library. */
  readonly path: string;
  /** With links followed. */
  readonly absolute: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface WalkOptions {
  readonly recursive: boolean;
  /** Ends of names, in small letters and without the dot. */
  readonly extensions: ReadonlySet<string>;
  /** Told of each file that has such an end and cannot be part of the library. */
  readonly onSkipped: (path: string, reason: string) => void;
}

/** So many files of a folder are looked at, at once. */
const LOOKS_AT_ONCE = 64;

/**
 * Finds regular files below a folder of the library, in the order of the bytes of their paths. Hidden files and folders
 * are passed over; links to files inside the library are followed, links to folders are not (they could go in circles).
 * @param folder relative to the library
 * @throws {MediaError} INPUT_NOT_FOUND when there is no such folder, PATH_OUTSIDE_LIBRARY, LIBRARY_MISSING
 */
export async function* walkLibrary(
  library: MediaLibrary,
  folder: string,
  options: WalkOptions,
): AsyncGenerator<FoundFile> {
  const relative = safeLibraryPath(folder);
  const roots = await library.rootPaths();
  const absolute = await realpath(join(roots[0] ?? '', relative)).catch(() => null);
  if (absolute === null) throw new MediaError('INPUT_NOT_FOUND', `there is no folder ${relative} in the library`);
  if (!isBelow(roots, absolute)) throw new MediaError('PATH_OUTSIDE_LIBRARY', `${relative} leads out of the library`);
  if (!(await stat(absolute)).isDirectory()) throw new MediaError('INVALID_PARAMETERS', `${relative} is not a folder`);
  yield* walkFolder(roots, relative, absolute, options);
}

async function* walkFolder(
  roots: readonly string[],
  relative: string,
  absolute: string,
  options: WalkOptions,
): AsyncGenerator<FoundFile> {
  const entries = await listFolder(absolute);
  for (let start = 0; start < entries.length; start += LOOKS_AT_ONCE) {
    const part = entries.slice(start, start + LOOKS_AT_ONCE);
    const looks = part.map(({ name, isFolder, isLink }) =>
      isFolder
        ? Promise.resolve(null)
        : lookAt(roots, { path: `${relative}/${name}`, absolute: join(absolute, name), isLink }, options),
    );
    const found = await Promise.all(looks);
    for (const [index, { name, isFolder }] of part.entries()) {
      const file = found[index];
      if (file) yield file;
      else if (isFolder && options.recursive) {
        yield* walkFolder(roots, `${relative}/${name}`, join(absolute, name), options);
      }
    }
  }
}

interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** What is below a folder comes where its name with a slash belongs. A folder that is gone by now is empty. */
async function listFolder(absolute: string): Promise<FolderEntry[]> {
  const entries = await readdir(absolute, { withFileTypes: true }).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory(), isLink: entry.isSymbolicLink() }))
    .map((entry) => ({ entry, bytes: Buffer.from(entry.isFolder ? `${entry.name}/` : entry.name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

async function lookAt(
  roots: readonly string[],
  { path, absolute, isLink }: { path: string; absolute: string; isLink: boolean },
  { extensions, onSkipped }: WalkOptions,
): Promise<FoundFile | null> {
  if (!extensions.has(extensionOf(path))) return null;
  const skip = (reason: string): null => {
    onSkipped(path, reason);
    return null;
  };
  if (path.includes('\uFFFD')) return skip('its name is no UTF-8');
  if (!isSafe(path)) return skip('its name cannot be that of a file of the library');
  try {
    // The folder is real already.
    const real = isLink ? await realpath(absolute) : absolute;
    if (!isBelow(roots, real)) return skip('it leads out of the library');
    const file = await stat(real);
    if (!file.isFile()) return null;
    return { path, absolute: real, sizeBytes: file.size, modifiedMs: Math.floor(file.mtimeMs) };
  } catch (error) {
    const code = systemErrorCode(error);
    return code === 'ENOENT' ? null : skip(`it cannot be looked at (${String(code)})`);
  }
}

function isSafe(relative: string): boolean {
  try {
    return safeLibraryPath(relative) === relative;
  } catch {
    return false;
  }
}
