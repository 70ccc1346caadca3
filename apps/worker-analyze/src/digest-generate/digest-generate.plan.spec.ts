import { describe, expect, it } from 'vitest';
import type { Analysis } from '../analysis/measure-reader.js';
import { chooseSegments } from './digest-generate.plan.js';

const FPS = 10;

/** A film of 40 s with cuts at 10 and 20 s, which moves where it is told. */
const film = (moves: (second: number) => number): Analysis => ({
  durationSeconds: 40,
  pictures: 400,
  cuts: [
    { seconds: 10, score: 50 },
    { seconds: 20, score: 50 },
  ],
  motion: Array.from({ length: 80 }, (_, index) => moves(index / 2)),
  loudness: null,
});
const settings = { targetLength: 12, includeHighlights: true, segmentSeconds: 4 };
const seconds = (analysis: Analysis, more: Partial<typeof settings> = {}): [number, number][] =>
  chooseSegments(analysis, { ...settings, ...more }, FPS).spans.map(({ from, to }) => [from / FPS, to / FPS]);

describe('the segments of a digest', () => {
  const middle = film((second) => (second >= 10 && second < 20 ? 100 : second < 10 ? 10 : 0));

  it('are the liveliest scenes, and then parts of the next lively one', () => {
    expect(seconds(middle, { targetLength: 10 })).toEqual([[10, 20]]);
    // The part that fills what is left ends where the one that is shown already begins, or stands alone.
    expect(seconds(middle)).toEqual([
      [0, 2],
      [10, 20],
    ]);
  });

  it('are parts of a scene that is too long', () => {
    const late = film((second) => (second >= 32 ? 100 : 0));
    expect(seconds(late, { targetLength: 8 })).toEqual([[32, 40]]);
    expect(seconds(late, { targetLength: 3 })).toEqual([[32, 35]]);
  });

  it('are not so short that they flash, unless they lead on to what is shown', () => {
    expect(seconds(middle, { targetLength: 10.5 })).toEqual([[9.5, 20]]);
  });

  it('lie all over the film without highlights', () => {
    expect(seconds(middle, { includeHighlights: false })).toEqual([
      [3.3, 6.7],
      [13.3, 16.7],
      [20, 24],
      [32, 33.2],
    ]);
  });

  it('are the whole film where it is no longer', () => {
    expect(chooseSegments(middle, { ...settings, targetLength: 40 }, FPS)).toEqual({
      spans: [{ from: 0, to: 400 }],
      whole: true,
    });
  });

  it('never overlap and fill the target, whatever it is', () => {
    const uneven = film((second) => (second * 7919) % 97);
    for (const includeHighlights of [true, false]) {
      for (let targetLength = 1; targetLength < 40; targetLength += 0.7) {
        const spans = seconds(uneven, { targetLength, includeHighlights });
        expect(spans).toEqual(spans.toSorted(([a], [b]) => a - b));
        for (const [index, [from]] of spans.entries()) expect(from).toBeGreaterThan(spans[index - 1]?.[1] ?? -1);
        const total = spans.reduce((sum, [from, to]) => sum + to - from, 0);
        expect(total).toBeLessThanOrEqual(targetLength + 0.05);
        expect(total).toBeGreaterThan(targetLength - 1);
      }
    }
  });
});
