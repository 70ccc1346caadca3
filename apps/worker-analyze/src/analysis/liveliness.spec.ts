import { describe, expect, it } from 'vitest';
import { Liveliness } from './liveliness.js';

/** Six half seconds: still and silent, then still and loud, then moving and loud. */
const film = { motion: [0, 0, 0, 0, 100, 100], loudness: [-120, -120, -20, -20, -20, -20] };

describe('how lively a part is', () => {
  const liveliness = new Liveliness(film);

  it('depends on how much it moves and how loud it is', () => {
    expect(liveliness.of(0, 1)).toEqual({ score: 0, motion: 0, loudness: -120 });
    expect(liveliness.of(1, 2)).toEqual({ score: 0.4, motion: 0, loudness: -20 });
    expect(liveliness.of(2, 3)).toEqual({ score: 1, motion: 1, loudness: -20 });
  });

  it('is the mean over it, whatever its edges', () => {
    expect(liveliness.of(1.75, 2.25)).toMatchObject({ motion: 0.5, score: 0.7 });
    expect(liveliness.of(0.5, 1.5)).toMatchObject({ loudness: -23 });
  });

  it('depends on motion alone where there is no sound, or only silence', () => {
    expect(new Liveliness({ ...film, loudness: null }).of(1.5, 2.5)).toEqual({
      score: 0.5,
      motion: 0.5,
      loudness: null,
    });
    const silent = new Liveliness({ ...film, loudness: film.loudness.map(() => -120) });
    expect(silent.of(2, 3)).toEqual({ score: 1, motion: 1, loudness: -120 });
  });

  it('is little where all that moves is noise', () => {
    expect(new Liveliness({ motion: [0.2, 0.2], loudness: null }).of(0, 1).motion).toBeCloseTo(0.2, 3);
  });
});
