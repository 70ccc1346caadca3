import { planLadder } from '@reelay/contracts';
import type { MediaInfo, VideoStreamInfo } from '@reelay/media';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRungs } from './ladder.plan.js';

const side = fc.integer({ min: 1, max: 16_384 });
const rate = fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.constantFrom(0.4, 23.976, 29.97, 60));

/** Any picture that ffprobe may tell of, one with a damaged index among them. */
const video: fc.Arbitrary<VideoStreamInfo> = fc.record(
  {
    codec: fc.constant('h264'),
    profile: fc.constant(null),
    pixelFormat: fc.constant('yuv420p'),
    width: side,
    height: side,
    displayAspectRatio: fc.option(fc.tuple(side, side).map(([across, down]) => `${String(across)}:${String(down)}`)),
    fps: fc.option(rate),
    rotation: fc.constantFrom(0, 90, 180, 270),
    bitrateKbps: fc.constant(null),
    peakFps: rate,
  },
  {
    requiredKeys: [
      'codec',
      'profile',
      'pixelFormat',
      'width',
      'height',
      'displayAspectRatio',
      'fps',
      'rotation',
      'bitrateKbps',
    ],
  },
);

const rung = fc.record(
  { height: fc.integer({ min: 16, max: 8192 }), videoBitrateKbps: fc.integer({ min: 10, max: 400_000 }) },
  { requiredKeys: ['height'] },
);
const asked = fc.record(
  {
    renditions: fc.array(rung, { minLength: 1, maxLength: 10 }),
    segmentSeconds: fc.double({ min: 1, max: 10, noNaN: true }),
  },
  { requiredKeys: [] },
);

const promised = planLadder.result.pick({
  ...{ frameRate: true, gopFrames: true, segmentSeconds: true, renditions: true },
});

describe('a ladder for any video', () => {
  it('is what its contract promises', () => {
    fc.assert(
      fc.property(video, asked, (picture, given) => {
        const media: MediaInfo = {
          ...{ container: 'mov', durationSeconds: 60, sizeBytes: 1, bitrateKbps: null },
          ...{ video: picture, audio: null },
        };
        const ladder = planRungs(planLadder.parameters.parse({ inputPath: 'in.mov', ...given }), media);
        const renditions = ladder.rungs.map(({ isAsked: _, ...rest }) => rest);
        expect(promised.safeParse({ ...ladder, renditions })).toMatchObject({ success: true });
      }),
      { numRuns: 2000 },
    );
  });
});
