import type { compileRandom, ParametersOf } from '@reelay/contracts';
import { displaySize, MediaError, type MediaInfo } from '@reelay/media';
import { framesIn } from '@reelay/media/plan';

/** An input that may be picked. */
export interface Candidate {
  readonly media: MediaInfo;
  readonly durationSeconds: number;
}

/** A clip of one of the inputs, counted in pictures of the compilation's frame rate. */
export interface Pick<C extends Candidate> {
  readonly source: C;
  readonly fromFrame: number;
  readonly frames: number;
}

/** A seed that is the same for every attempt of a job. */
export const seedOf = (job: string): number =>
  // FNV-1a, 32 bits.
  Array.from(job).reduce((hash, sign) => Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 16_777_619) >>> 0, 2_166_136_261);

/**
 * Picks clips. The same seed, inputs and parameters give the same picks.
 * @throws {MediaError} INVALID_PARAMETERS when no input fits
 */
export function pickClips<C extends Candidate>(
  sources: readonly C[],
  parameters: ParametersOf<typeof compileRandom>,
  seed: number,
): Pick<C>[] {
  const { count, clipSeconds, fps } = parameters;
  const random = randomNumbers(seed);
  const fitting = sources.filter((source) => fits(source, parameters));
  if (fitting.length === 0) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      'none of the inputs has the duration and orientation that are asked for',
    );
  }
  return shuffled(fitting, random)
    .slice(0, count)
    .map((source) => {
      const all = Math.max(1, Math.floor(source.durationSeconds * fps));
      const frames = Math.min(all, framesIn(clipSeconds, fps));
      return { source, fromFrame: Math.floor(random() * (all - frames + 1)), frames };
    });
}

function fits(
  { media, durationSeconds }: Candidate,
  { minDuration = 0, maxDuration = Infinity, orientation }: ParametersOf<typeof compileRandom>,
): boolean {
  if (durationSeconds < minDuration || durationSeconds > maxDuration) return false;
  return orientation === undefined || orientation === orientationOf(media);
}

function orientationOf({ video }: MediaInfo): 'landscape' | 'portrait' | 'square' {
  const { width, height } = video === null ? { width: 1, height: 1 } : displaySize(video);
  if (width === height) return 'square';
  return width > height ? 'landscape' : 'portrait';
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** Mulberry32: numbers from 0 up to 1 that only the seed decides. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
