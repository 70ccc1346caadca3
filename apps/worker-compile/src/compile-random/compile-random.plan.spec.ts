import { compileRandom } from '@reelay/contracts';
import type { MediaInfo } from '@reelay/media';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickClips, seedOf } from './compile-random.plan.js';

const candidate = (durationSeconds: number, width = 640, height = 360) => ({
  durationSeconds,
  media: {
    container: 'mov',
    durationSeconds,
    sizeBytes: 1,
    bitrateKbps: null,
    audio: null,
    video: {
      codec: 'h264',
      profile: null,
      pixelFormat: null,
      width,
      height,
      displayAspectRatio: null,
      fps: 25,
      rotation: 0,
      bitrateKbps: null,
    },
  } satisfies MediaInfo,
});
const parameters = (given: object) => compileRandom.parameters.parse({ inputPaths: ['a', 'b'], fps: 25, ...given });
const sources = [candidate(10), candidate(2), candidate(60), candidate(20, 360, 640), candidate(30, 500, 500)];

describe('pickClips', () => {
  it('picks the same for the same seed, each input at most once, and never beyond its end', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.5, max: 90, noNaN: true }), (seed, clipSeconds) => {
        const picks = pickClips(sources, parameters({ clipSeconds }), seed);
        expect(pickClips(sources, parameters({ clipSeconds }), seed)).toEqual(picks);
        expect(new Set(picks.map(({ source }) => source)).size).toBe(sources.length);
        for (const { source, fromFrame, frames } of picks) {
          expect(fromFrame).toBeGreaterThanOrEqual(0);
          expect(frames).toBeGreaterThan(0);
          expect(fromFrame + frames).toBeLessThanOrEqual(source.durationSeconds * 25);
        }
      }),
    );
  });

  it('picks otherwise for other seeds', () => {
    const orders = Array.from({ length: 20 }, (_, seed) =>
      JSON.stringify(pickClips(sources, parameters({}), seed).map(({ source }) => sources.indexOf(source))),
    );
    expect(new Set(orders).size).toBeGreaterThan(10);
  });

  it.each([
    [{ minDuration: 15 }, [2, 3, 4]],
    [{ maxDuration: 15 }, [0, 1]],
    [{ orientation: 'landscape' }, [0, 1, 2]],
    [{ orientation: 'portrait' }, [3]],
    [{ orientation: 'square' }, [4]],
  ])('with %j takes only what fits', (given, indexes) => {
    const picked = pickClips(sources, parameters(given), 7).map(({ source }) => sources.indexOf(source));
    expect(picked.sort()).toEqual(indexes);
  });

  it('picks as many as are asked for', () => {
    expect(pickClips(sources, parameters({ count: 2 }), 7)).toHaveLength(2);
  });

  it('refuses when nothing fits', () => {
    expect(() => pickClips(sources, parameters({ minDuration: 100 }), 7)).toThrow('none of the inputs');
  });
});

it('a seed that nobody gave is the same for every attempt of a job', () => {
  expect(seedOf('770e8400')).toBe(seedOf('770e8400'));
  expect(seedOf('770e8400')).not.toBe(seedOf('770e8401'));
  expect(seedOf('')).toBe(2_166_136_261);
});
