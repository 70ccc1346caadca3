import type { deleteOutput, BuiltInDirectoryType, ParametersOf } from '@reelay/contracts';
import { MediaError, safeLibraryPath } from '@reelay/media';

/** What is in it was made to be thrown away. */
const WORK_FOLDER = 'work' satisfies BuiltInDirectoryType;

/**
 * The paths that are to be removed, tidied, each once.
 * @throws {MediaError} INVALID_PARAMETERS for a folder that the library consists of, and for what lies beyond work/ and
 * was not confirmed; PATH_OUTSIDE_LIBRARY
 */
export function pathsToRemove({ paths, confirm }: ParametersOf<typeof deleteOutput>): string[] {
  const confirmed = new Set(confirm.map((path) => safeLibraryPath(path)));
  const wanted = [...new Set(paths.map((path) => safeLibraryPath(path)))];
  for (const path of wanted) {
    if (!path.includes('/')) throw refused(path, 'is one of the folders that the library consists of');
    if (path.startsWith(`${WORK_FOLDER}/`) || confirmed.has(path)) continue;
    throw refused(path, 'is not below work/: name it in confirm as well if it is really meant');
  }
  return wanted;
}

/** Why something is not removed. */
export const refused = (path: string, why: string): MediaError =>
  new MediaError('INVALID_PARAMETERS', `${path} ${why}; nothing was removed`);
