import { posix } from 'node:path';
import type { FreeName } from '@reelay/media';

/** Where a file is to go. */
export type MoveTarget =
  /** It is there already. */
  | { readonly kind: 'same' }
  /** To this very path. */
  | { readonly kind: 'path'; readonly path: string }
  /** To the first of these names that is free. */
  | { readonly kind: 'free'; readonly name: FreeName };

/** @param from tidied, relative to the library */
export function moveTarget(from: string, directory: string, name: string | undefined): MoveTarget {
  const path = posix.join(directory, name ?? posix.basename(from));
  if (path === from) return { kind: 'same' };
  if (name !== undefined) return { kind: 'path', path };
  const { name: base, ext } = posix.parse(path);
  // A number goes before the extension; a name without one gets no number.
  if (ext.length < 2) return { kind: 'path', path };
  return { kind: 'free', name: { directory, base, extension: ext.slice(1) } };
}
