import type { highlightGenerate, ParametersOf } from '@reelay/contracts';
import { framesIn } from '@reelay/media/plan';
import { Liveliness } from '../analysis/liveliness.js';
import type { Analysis } from '../analysis/measure-reader.js';
import type { Selection } from '../reel/selection.js';

/** Moments that are closer to each other are one, in seconds. */
const APART_SECONDS = 1;

/** How finely moments are looked for, in steps a second. */
const STEPS = 4;

type Settings = Pick<ParametersOf<typeof highlightGenerate>, 'targetLength' | 'clipSeconds' | 'crossfadeSeconds'>;

/** What a reel is made of. */
export interface Moments extends Selection {
  /** Pictures that two moments share. */
  readonly overlap: number;
}

/**
 * Chooses the moments of a reel: where the film, smoothed over the length of a moment, is at its liveliest, each some
 * way from the others, until the target length is reached or there is no room for another.
 */
export function chooseMoments(analysis: Analysis, settings: Settings, fps: number): Moments {
  const all = framesIn(analysis.durationSeconds, fps);
  const target = framesIn(settings.targetLength, fps);
  if (all <= target) return { spans: [{ from: 0, to: all }], whole: true, overlap: 0 };
  const shape = momentsFor(settings, target, fps);
  const step = Math.max(1, Math.round(fps / STEPS));
  const apart = shape.frames + framesIn(APART_SECONDS, fps);
  const liveliness = new Liveliness(analysis);
  const places = Array.from({ length: Math.floor((all - shape.frames) / step) + 1 }, (_, index) => index * step)
    .map((from) => ({ from, score: liveliness.of(from / fps, (from + shape.frames) / fps).score }))
    .sort((a, b) => b.score - a.score || a.from - b.from);
  const taken: number[] = [];
  const isFree = new FreePlaces(all, apart);
  for (const { from } of places) {
    if (taken.length === shape.count) break;
    if (isFree.take(from)) taken.push(from);
  }
  const spans = taken.sort((a, b) => a - b).map((from) => ({ from, to: from + shape.frames }));
  return { spans, whole: false, overlap: shape.overlap };
}

/** As many moments as fit into the target, a little longer than asked for so that they fill it. */
function momentsFor(
  { clipSeconds, crossfadeSeconds }: Settings,
  target: number,
  fps: number,
): { count: number; frames: number; overlap: number } {
  const clip = Math.min(target, framesIn(clipSeconds, fps));
  const overlap = Math.min(Math.round(crossfadeSeconds * fps), Math.floor(clip / 2));
  const count = Math.max(1, Math.floor((target - overlap) / (clip - overlap)));
  return { count, frames: Math.floor((target + (count - 1) * overlap) / count), overlap };
}

/** Knows where a moment may start, without comparing it with every other one. */
class FreePlaces {
  private readonly taken: Uint8Array;

  constructor(
    frames: number,
    private readonly apart: number,
  ) {
    this.taken = new Uint8Array(frames);
  }

  /** False when another one is too close. */
  take(from: number): boolean {
    if (this.taken[from] === 1) return false;
    this.taken.fill(1, Math.max(0, from - this.apart + 1), from + this.apart);
    return true;
  }
}
