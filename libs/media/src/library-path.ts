import { posix, sep } from 'node:path';
import { MediaError } from './errors.js';

/** Longest path accepted, in bytes; file systems take 4096, of which the root needs some. */
const MAX_PATH_BYTES = 1024;
/** Longest name of a file or folder, in bytes, on the usual file systems. */
const MAX_NAME_BYTES = 255;
/** Bytes of a name kept when another is derived from it, so that suffixes fit beside it. */
const MAX_DERIVED_BYTES = 160;

/**
 * Checks the syntax of a path that is meant to be relative to the library, and tidies it (`a//./b`
 * becomes `a/b`). Whether links lead out of the library only `MediaLibrary` can tell.
 * @throws {MediaError} PATH_OUTSIDE_LIBRARY for absolute paths, `..`, URLs, drive letters and control
 * characters; INVALID_PARAMETERS for a path that is empty or too long.
 */
export function safeLibraryPath(path: string): string {
  const fault = outsideFault(path);
  if (fault !== null) throw new MediaError('PATH_OUTSIDE_LIBRARY', `the path ${fault}`);
  const tidy = posix.normalize(path).replace(/\/+$/, '');
  if (tidy === '' || tidy === '.') throw new MediaError('INVALID_PARAMETERS', 'the path names no file');
  const tooLong =
    Buffer.byteLength(tidy) > MAX_PATH_BYTES ||
    tidy.split('/').some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  if (tooLong) throw new MediaError('INVALID_PARAMETERS', 'the path, or a name in it, is too long');
  return tidy;
}

function outsideFault(path: string): string | null {
  if (Array.from(path).some((character) => character < ' ' || character === '\u007f'))
    return 'holds control characters';
  if (path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)) return 'is absolute: give it relative to the library';
  if (path.split(/[\\/]/).includes('..')) return 'holds ".."';
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return 'is a URL';
  return null;
}

/**
 * The part of a file's name that outputs made from it are named after: no folder, no extension, no
 * leading dots, at most 160 bytes.
 */
export function outputBaseName(path: string): string {
  const name = posix.parse(path).name.replace(/^\.+/, '');
  return cutToBytes(name, MAX_DERIVED_BYTES) || 'video';
}

/**
 * The hidden name under which an attempt writes before its output is verified:
 * `.<name>.<attempt>.partial.<ext>`. The extension stays last, since ffmpeg may look at it.
 */
export function partialName(finalName: string, attempt: string): string {
  const { name, ext } = posix.parse(finalName);
  return `.${cutToBytes(name, MAX_DERIVED_BYTES)}.${attempt}.partial${ext}`;
}

/** The attempt that `partialName` put into a name; null for a name that it did not make. */
export function attemptOfPartial(name: string): string | null {
  return /^\..*\.([A-Za-z0-9_-]+)\.partial(\.[^.]*)?$/.exec(name)?.[1] ?? null;
}

/** Whether a path is that of one of these folders, or of what is below it; all without links. */
export const isBelow = (roots: readonly string[], absolute: string): boolean =>
  roots.some((root) => absolute === root || absolute.startsWith(root.endsWith(sep) ? root : root + sep));

/** The extension of a file's name without its dot, in lower case. */
export const extensionOf = (path: string): string => posix.extname(path).slice(1).toLowerCase();

function cutToBytes(text: string, limit: number): string {
  let cut = '';
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > limit) break;
    cut += character;
  }
  return cut;
}
