import type { compileMega, ParametersOf } from '@reelay/contracts';
import { MediaError, outputBaseName } from '@reelay/media';
import type { LibrarySource } from '../pieces/compiler.js';
import type { Chapter } from '../pieces/join.plan.js';
import { framesIn, type Part } from '../pieces/piece.plan.js';

/** A piece of a long compilation: most of one input, or where two overlap. */
export type MegaPiece =
  | { readonly kind: 'body'; readonly index: number; readonly part: Part }
  | { readonly kind: 'crossfade'; readonly from: Part; readonly to: Part };

/** What a long compilation is made of. */
export interface MegaPlan {
  readonly pieces: readonly MegaPiece[];
  readonly chapters: readonly Chapter[];
  readonly frames: number;
}

/**
 * Cuts the inputs into pieces. Where two overlap, the end of one and the start of the other are a piece of their own,
 * so that no more than two inputs are ever open at once.
 * @param gains how much louder each input is made, in dB
 * @throws {MediaError} INVALID_PARAMETERS when an input is too short for its crossfades, or titles are missing
 */
export function planMega(
  { fps, crossfadeSeconds, titles, inputPaths }: ParametersOf<typeof compileMega>,
  sources: readonly LibrarySource[],
  gains: readonly number[],
): MegaPlan {
  if (titles !== undefined && titles.length !== inputPaths.length) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      `there are ${String(titles.length)} titles for ${String(inputPaths.length)} inputs`,
    );
  }
  const overlap = Math.round(crossfadeSeconds * fps);
  const lengths = sources.map(({ durationSeconds }) => framesIn(durationSeconds, fps));
  const short = sources[lengths.findIndex((length) => overlap * 2 > length)];
  if (short !== undefined) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      `${short.relative} is too short for crossfades of ${String(crossfadeSeconds)} s`,
    );
  }
  const pieces: MegaPiece[] = [];
  const chapters: Chapter[] = [];
  let at = 0;
  for (const [index, source] of sources.entries()) {
    const length = lengths[index] ?? 0;
    const next = sources[index + 1];
    const part = { source, gainDb: gains[index] ?? 0 };
    const fromFrame = index === 0 ? 0 : overlap;
    const shared = next === undefined ? 0 : overlap;
    const frames = length - fromFrame - shared;
    if (frames > 0) pieces.push({ kind: 'body', index, part: { ...part, fromFrame, frames } });
    if (next !== undefined && overlap > 0) {
      const from = { ...part, fromFrame: length - overlap, frames: overlap };
      const to = { source: next, gainDb: gains[index + 1] ?? 0, fromFrame: 0, frames: overlap };
      pieces.push({ kind: 'crossfade', from, to });
    }
    const end = at + length - shared;
    const title = titles?.[index] ?? outputBaseName(source.relative);
    chapters.push({ title, startSeconds: at / fps, endSeconds: end / fps });
    at = end;
  }
  return { pieces, chapters, frames: at };
}
