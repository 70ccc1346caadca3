import { describe, expect, it } from 'vitest';
import type { Analysis } from '../analysis/measure-reader.js';
import { chooseMoments } from './highlight-generate.plan.js';

const FPS = 20;

/** A film of 60 s that moves for 3 s from each of these times on. */
const film = (peaks: readonly number[]): Analysis => ({
  durationSeconds: 60,
  pictures: 1200,
  cuts: [],
  motion: Array.from({ length: 120 }, (_, index) =>
    peaks.some((peak) => index / 2 >= peak && index / 2 < peak + 3) ? 100 : 1,
  ),
  loudness: null,
});
const settings = { targetLength: 8, clipSeconds: 3, crossfadeSeconds: 0.5 };

describe('the moments of a reel', () => {
  it('are where the film is at its liveliest, and fill the target with their overlaps', () => {
    const { spans, overlap, whole } = chooseMoments(film([40, 10, 25]), settings, FPS);
    expect(spans.map(({ from, to }) => [from / FPS, to / FPS])).toEqual([
      [10, 13],
      [25, 28],
      [40, 43],
    ]);
    expect({ overlap, whole }).toEqual({ overlap: 10, whole: false });
    expect(spans.reduce((sum, { from, to }) => sum + to - from, 0) - 2 * overlap).toBe(8 * FPS);
  });

  it('are stretched a little where a whole number of them is too short', () => {
    const { spans } = chooseMoments(film([10, 25, 40]), { ...settings, targetLength: 9 }, FPS);
    expect(spans.map(({ from, to }) => to - from)).toEqual([66, 66, 66]);
  });

  it('are at least a second apart', () => {
    const { spans } = chooseMoments(film([10, 13, 16]), { ...settings, crossfadeSeconds: 0 }, FPS);
    for (const [index, { from }] of spans.entries()) {
      expect(from - (spans[index - 1]?.to ?? -FPS)).toBeGreaterThanOrEqual(FPS);
    }
    expect(spans).toHaveLength(2);
  });

  it('are fewer where the film has no room for them', () => {
    const { spans, overlap } = chooseMoments(film([]), { ...settings, targetLength: 59 }, FPS);
    const total = spans.reduce((sum, { from, to }) => sum + to - from, 0) - (spans.length - 1) * overlap;
    expect(total).toBeLessThan(59 * FPS);
    expect(spans.length).toBeGreaterThan(10);
    expect(spans.at(-1)?.to).toBeLessThanOrEqual(60 * FPS);
  });

  it('are one where the target is shorter than a moment', () => {
    const { spans } = chooseMoments(film([20]), { ...settings, targetLength: 2 }, FPS);
    expect(spans).toEqual([{ from: 400, to: 440 }]);
  });

  it('are the whole film where it is no longer', () => {
    expect(chooseMoments(film([]), { ...settings, targetLength: 60 }, FPS)).toEqual({
      spans: [{ from: 0, to: 1200 }],
      whole: true,
      overlap: 0,
    });
  });
});
