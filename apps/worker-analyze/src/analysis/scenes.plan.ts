import type { Analysis, SceneCut } from './measure-reader.js';

/** A part of a film between two cuts, in seconds from its start. */
export interface Scene {
  readonly start: number;
  readonly end: number;
  /** Of the cut that it begins with; 0 for the first one. */
  readonly score: number;
}

/**
 * The scenes of a film: of cuts that are too close the sharper one counts, and of too many the sharpest.
 * @param minSceneSeconds no scene is shorter, unless the film is
 */
export function scenesOf(
  { cuts, durationSeconds }: Pick<Analysis, 'cuts' | 'durationSeconds'>,
  { minSceneSeconds, maxScenes = Infinity }: { minSceneSeconds: number; maxScenes?: number },
): Scene[] {
  const kept: SceneCut[] = [];
  for (const cut of cuts) {
    if (cut.seconds < minSceneSeconds || durationSeconds - cut.seconds < minSceneSeconds) continue;
    const before = kept.at(-1);
    if (before === undefined || cut.seconds - before.seconds >= minSceneSeconds) kept.push(cut);
    else if (cut.score > before.score) kept[kept.length - 1] = cut;
  }
  const sharpest = kept
    .toSorted((a, b) => b.score - a.score || a.seconds - b.seconds)
    .slice(0, Math.max(0, maxScenes - 1))
    .toSorted((a, b) => a.seconds - b.seconds);
  const starts = [{ seconds: 0, score: 0 }, ...sharpest];
  return starts.map(({ seconds, score }, index) => ({
    start: seconds,
    end: starts[index + 1]?.seconds ?? durationSeconds,
    score,
  }));
}
