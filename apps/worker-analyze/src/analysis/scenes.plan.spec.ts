import { describe, expect, it } from 'vitest';
import { scenesOf } from './scenes.plan.js';

const film = {
  durationSeconds: 20,
  cuts: [
    { seconds: 2, score: 30 },
    { seconds: 2.6, score: 50 },
    { seconds: 8, score: 20 },
    { seconds: 15, score: 90 },
    { seconds: 19.7, score: 99 },
  ],
};
const starts = (limits: { minSceneSeconds: number; maxScenes?: number }): number[] =>
  scenesOf(film, limits).map(({ start }) => start);

describe('scenes', () => {
  it('lie between cuts, from the start of the film to its end', () => {
    expect(scenesOf({ ...film, cuts: film.cuts.slice(2, 4) }, { minSceneSeconds: 1 })).toEqual([
      { start: 0, end: 8, score: 0 },
      { start: 8, end: 15, score: 20 },
      { start: 15, end: 20, score: 90 },
    ]);
  });

  it('are never shorter than asked for: the sharper of two cuts counts, and none at the edges', () => {
    expect(starts({ minSceneSeconds: 1 })).toEqual([0, 2.6, 8, 15]);
    expect(starts({ minSceneSeconds: 0.1 })).toEqual([0, 2, 2.6, 8, 15, 19.7]);
    expect(starts({ minSceneSeconds: 7 })).toEqual([0, 8]);
  });

  it('beyond the limit begin at the sharpest cuts', () => {
    expect(starts({ minSceneSeconds: 0.1, maxScenes: 3 })).toEqual([0, 15, 19.7]);
    expect(starts({ minSceneSeconds: 0.1, maxScenes: 1 })).toEqual([0]);
  });

  it('of a film without cuts are one', () => {
    expect(scenesOf({ durationSeconds: 0.04, cuts: [] }, { minSceneSeconds: 1 })).toEqual([
      { start: 0, end: 0.04, score: 0 },
    ]);
  });
});
