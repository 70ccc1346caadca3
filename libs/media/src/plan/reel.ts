import type { Part } from './piece.js';

/** A piece of a reel: most of one part, or where two overlap. */
export type ReelPiece =
  | { readonly kind: 'body'; readonly index: number; readonly part: Part }
  | { readonly kind: 'crossfade'; readonly from: Part; readonly to: Part };

/** Parts that follow each other, cut into what is encoded at once. */
export interface Reel {
  readonly pieces: readonly ReelPiece[];
  /** At which picture of the reel each part starts to be seen. */
  readonly starts: readonly number[];
  readonly frames: number;
}

/**
 * Cuts parts into pieces. Where two overlap, the end of one and the start of the other are a piece of their own, so
 * that no more than two inputs are ever open at once.
 * @param overlap pictures that two parts share; every part has at least twice as many
 */
export function planReel(parts: readonly Part[], overlap: number): Reel {
  const pieces: ReelPiece[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1];
    const before = index === 0 ? 0 : overlap;
    const shared = next === undefined ? 0 : overlap;
    const frames = part.frames - before - shared;
    if (frames > 0) {
      pieces.push({ kind: 'body', index, part: { ...part, fromFrame: part.fromFrame + before, frames } });
    }
    if (next !== undefined && overlap > 0) {
      const from = { ...part, fromFrame: part.fromFrame + part.frames - overlap, frames: overlap };
      pieces.push({ kind: 'crossfade', from, to: { ...next, frames: overlap } });
    }
    starts.push(at);
    at += part.frames - shared;
  }
  return { pieces, starts, frames: at };
}
