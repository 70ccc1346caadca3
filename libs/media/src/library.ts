import { constants } from 'node:fs';
import { access, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { MediaError, systemErrorCode, withDiskFullCode } from './errors.js';
import { isBelow, safeLibraryPath } from './library-path.js';
import { adoptMarker, markersOfJob, type AttemptIdentity } from './published-marker.js';

/** A file of the library that can be read. */
export interface LibraryInput {
  /** As it was given, tidied. */
  readonly relative: string;
  /** With all links followed. */
  readonly absolute: string;
  readonly sizeBytes: number;
}

/** A folder of the library. */
export interface LibraryFolder {
  /** As it was given, tidied. */
  readonly relative: string;
  /** With all links followed. */
  readonly absolute: string;
}

/**
 * Where an output goes. Nothing is there yet, except for its folder, or what an earlier attempt of the
 * same job published.
 */
export interface LibraryOutput {
  readonly relative: string;
  readonly absolute: string;
  /** What the name was made from; null when this very name was asked for. */
  readonly madeFrom: FreeName | null;
  /** An output of several files is a folder, known by this file in it; null for an output of one file. */
  readonly main: string | null;
  /** The hidden second name of an earlier attempt's output, which is there already; else null. */
  readonly marker: string | null;
}

/** A name that may get a number, as in `film-2.mp4`. */
export interface FreeName {
  /** Relative to the library. */
  readonly directory: string;
  readonly base: string;
  /** Without the dot; empty for a name that has none. */
  readonly extension: string;
  /** The name is a folder's, which is known by this file in it; left out for a file. */
  readonly main?: string;
}

/** What an ailing disk or network, or a busy worker, answers; another try may go well. */
const PASSING_FAULTS = ['EIO', 'ESTALE', 'ETIMEDOUT', 'EMFILE', 'ENFILE'];

/** More outputs of one name than this in one folder are a mistake of the caller. */
const MAX_SAME_NAME = 10_000;

/**
 * The library's folder: turns relative paths into places on the disk, and lets none lead out of it.
 */
export class MediaLibrary {
  /**
   * @param root its folder
   * @param linked further folders that links in it may lead to; one that is not there now counts as outside
   */
  constructor(
    private readonly root: string,
    private readonly linked: readonly string[] = [],
  ) {}

  /**
   * The root with links followed.
   * @throws {MediaError} LIBRARY_MISSING
   */
  async rootPath(): Promise<string> {
    const path = await realpath(this.root).catch(() => null);
    if (path === null || !(await stat(path)).isDirectory()) {
      throw new MediaError('LIBRARY_MISSING', 'the folder that MEDIA_ROOT names is not there', { retryable: true });
    }
    return path;
  }

  /**
   * The root, and the folders that its links may lead to, with links followed.
   * @throws {MediaError} LIBRARY_MISSING
   */
  async rootPaths(): Promise<string[]> {
    const linked = await Promise.all(this.linked.map((folder) => realpath(folder).catch(() => null)));
    return [await this.rootPath(), ...linked.filter((folder) => folder !== null)];
  }

  /**
   * A regular file that is not empty and lies inside the library after links are followed.
   * @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE, PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS
   */
  async resolveInput(path: string): Promise<LibraryInput> {
    const relative = safeLibraryPath(path);
    const roots = await this.rootPaths();
    const absolute = await realpath(join(this.root, relative)).catch((error: unknown) => {
      throw inputError(relative, error);
    });
    mustBeInside(roots, absolute, relative);
    const file = await stat(absolute).catch((error: unknown) => {
      throw inputError(relative, error);
    });
    if (!file.isFile()) throw new MediaError('INPUT_UNREADABLE', `${relative} is not a regular file`);
    if (file.size === 0) throw new MediaError('INPUT_UNREADABLE', `${relative} is empty`);
    await access(absolute, constants.R_OK).catch((error: unknown) => {
      throw inputError(relative, error);
    });
    return { relative, absolute, sizeBytes: file.size };
  }

  /**
   * A folder inside the library after links are followed; null when the path is none of a folder.
   * @throws {MediaError} PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS
   */
  async findFolder(path: string): Promise<LibraryFolder | null> {
    const relative = safeLibraryPath(path);
    const roots = await this.rootPaths();
    const absolute = await realpath(join(this.root, relative)).catch(() => null);
    if (absolute === null) return null;
    mustBeInside(roots, absolute, relative);
    const isFolder = await stat(absolute).then(
      (found) => found.isDirectory(),
      () => false,
    );
    return isFolder ? { relative, absolute } : null;
  }

  /**
   * A place for an output of this very name. Missing folders on the way are made.
   * @param attempt whose job's own earlier output does not count as one that exists
   * @param main the file that an output of several files, a folder, is known by; left out for one file
   * @throws {MediaError} OUTPUT_EXISTS (an input exists, so it can never be its own output),
   * PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS, DISK_FULL
   */
  async resolveOutput(path: string, attempt?: AttemptIdentity, main?: string): Promise<LibraryOutput> {
    const relative = safeLibraryPath(path);
    const folder = await this.makeFolder(posix.dirname(relative));
    const absolute = join(folder, posix.basename(relative));
    const place = { relative, absolute, madeFrom: null, main: main ?? null };
    if (!(await exists(absolute))) return { ...place, marker: null };
    const known = join(absolute, main ?? '');
    const marker = attempt ? await adoptMarker(known, attempt, await markersOfJob(folder, attempt)) : null;
    if (marker === null) throw new MediaError('OUTPUT_EXISTS', `${relative} exists already`);
    return { ...place, marker };
  }

  /**
   * A place for an output whose name is free now: `base.ext`, else `base-2.ext`, and so on.
   * A job that makes several outputs in no fixed order gives each its own base.
   * @param attempt whose job's own earlier output of such a name is taken before a free one
   * @throws {MediaError} PATH_OUTSIDE_LIBRARY, OUTPUT_EXISTS when 10,000 such names are taken
   */
  async freeOutput(madeFrom: FreeName, attempt?: AttemptIdentity): Promise<LibraryOutput> {
    const { directory, base, extension, main } = madeFrom;
    const folder = await this.makeFolder(safeLibraryPath(directory));
    const markers = attempt ? await markersOfJob(folder, attempt) : [];
    for (let count = 1; count <= MAX_SAME_NAME; count++) {
      const name = `${base}${count === 1 ? '' : `-${String(count)}`}${extension === '' ? '' : `.${extension}`}`;
      const relative = safeLibraryPath(posix.join(directory, name));
      const absolute = join(folder, name);
      const place = { relative, absolute, madeFrom, main: main ?? null };
      if (!(await exists(absolute))) return { ...place, marker: null };
      const marker = attempt ? await adoptMarker(join(absolute, main ?? ''), attempt, markers) : null;
      if (marker !== null) return { ...place, marker };
    }
    throw new MediaError('OUTPUT_EXISTS', `all names like ${base}.${extension} in ${directory} are taken`);
  }

  /**
   * Something that is there, of any kind, below one of the folders that the library consists of. A link is itself and
   * not what it leads to, and none on the way leads out of that folder.
   * @returns its absolute path; null when nothing is there
   * @throws {MediaError} PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS
   */
  async resolveEntry(path: string): Promise<string | null> {
    const relative = safeLibraryPath(path);
    const [top = ''] = relative.split('/');
    const root = await this.rootPath();
    const base = await realpath(join(root, top)).catch(() => null);
    const folder = await realpath(join(root, posix.dirname(relative))).catch(() => null);
    if (base === null || folder === null) return null;
    mustBeInside([base], folder, relative);
    const absolute = join(folder, posix.basename(relative));
    return (await exists(absolute)) ? absolute : null;
  }

  /**
   * A place in a folder of the library, which is made where it is missing. Something may be there already.
   * @throws {MediaError} PATH_OUTSIDE_LIBRARY, INVALID_PARAMETERS, DISK_FULL
   */
  async resolvePlace(path: string): Promise<string> {
    const relative = safeLibraryPath(path);
    return join(await this.makeFolder(posix.dirname(relative)), posix.basename(relative));
  }

  /** Follows a folder's path step by step and makes what is missing, so that no link is followed unchecked. */
  private async makeFolder(relative: string): Promise<string> {
    const roots = await this.rootPaths();
    let folder = roots[0] ?? this.root;
    for (const name of relative === '.' ? [] : relative.split('/')) {
      const next = join(folder, name);
      await mkdir(next).catch((error: unknown) => {
        if (systemErrorCode(error) !== 'EEXIST') throw withDiskFullCode(error);
      });
      folder = await realpath(next).catch((error: unknown) => {
        throw new MediaError('INVALID_PARAMETERS', `${relative} is not a folder`, { cause: error });
      });
      mustBeInside(roots, folder, relative);
      if (!(await stat(folder)).isDirectory())
        throw new MediaError('INVALID_PARAMETERS', `${relative} is not a folder`);
    }
    return folder;
  }
}

function mustBeInside(roots: readonly string[], absolute: string, relative: string): void {
  if (!isBelow(roots, absolute)) throw new MediaError('PATH_OUTSIDE_LIBRARY', `${relative} leads out of the library`);
}

/** A link that leads nowhere counts as something that is there. */
async function exists(absolute: string): Promise<boolean> {
  try {
    await lstat(absolute);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function inputError(relative: string, error: unknown): MediaError {
  switch (systemErrorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new MediaError('INPUT_NOT_FOUND', `${relative} does not exist`, { cause: error });
    default:
      return new MediaError('INPUT_UNREADABLE', `${relative} cannot be opened (${String(systemErrorCode(error))})`, {
        cause: error,
        retryable: PASSING_FAULTS.includes(systemErrorCode(error) ?? ''),
      });
  }
}
