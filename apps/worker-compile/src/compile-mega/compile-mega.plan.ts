import type { compileMega, ParametersOf } from '@reelay/contracts';
import { MediaError, outputBaseName } from '@reelay/media';
import { framesIn, planReel, type Chapter, type LibrarySource, type Reel } from '@reelay/media/plan';

/** What a long compilation is made of. */
export interface MegaPlan extends Reel {
  readonly chapters: readonly Chapter[];
}

/**
 * Cuts the inputs into pieces.
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
  const parts = sources.map((source, index) => {
    const frames = framesIn(source.durationSeconds, fps);
    return { source, fromFrame: 0, frames, gainDb: gains[index] ?? 0 };
  });
  const short = parts.find(({ frames }) => overlap * 2 > frames);
  if (short !== undefined) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      `${short.source.relative} is too short for crossfades of ${String(crossfadeSeconds)} s`,
    );
  }
  const reel = planReel(parts, overlap);
  const chapters = parts.map(({ source }, index) => ({
    title: titles?.[index] ?? outputBaseName(source.relative),
    startSeconds: (reel.starts[index] ?? 0) / fps,
    endSeconds: (reel.starts[index + 1] ?? reel.frames) / fps,
  }));
  return { ...reel, chapters };
}
