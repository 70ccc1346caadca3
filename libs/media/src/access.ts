import { dirname } from 'node:path';
import { outputsOf, inputsOf } from './input.js';
import { isBelow } from './library-path.js';

/** What of the disk one run of a tool may touch; absolute paths without links. */
export interface Access {
  readonly reads: readonly string[];
  /** Folders; what is in them may be read as well. */
  readonly writes: readonly string[];
  /** Device files of a GPU. */
  readonly devices: readonly string[];
}

/** What a caller says of a run that its argv's inputs and outputs do not. */
export interface ExtraAccess {
  /**
   * Folders that filters or muxers read from and write to, besides those of the inputs and outputs: the job's own,
   * with its lists, titles and logs.
   */
  readonly folders?: readonly string[] | undefined;
  /** Files and folders that are read besides the inputs: those that a list, playlist or manifest leads to. */
  readonly reads?: readonly string[] | undefined;
  /** Device files of the GPU that the run uses. */
  readonly devices?: readonly string[] | undefined;
}

/**
 * What a run may touch. Of the library it sees its inputs alone, and the folders that its outputs go to; an input
 * from elsewhere (a job's private folder) may be a list or one of a series, so that it comes with its folder.
 * @param libraryRoots with all links followed
 * @param args from the first input's options to the output's name
 */
export function accessOf(args: readonly string[], libraryRoots: readonly string[], extra: ExtraAccess = {}): Access {
  return {
    reads: unique([
      ...inputsOf(args).map((path) => (isBelow(libraryRoots, path) ? path : dirname(path))),
      ...(extra.reads ?? []),
    ]),
    writes: unique([...outputsOf(args).map((path) => dirname(path)), ...(extra.folders ?? [])]),
    devices: extra.devices ?? [],
  };
}

const unique = (paths: readonly string[]): string[] => [...new Set(paths)];
