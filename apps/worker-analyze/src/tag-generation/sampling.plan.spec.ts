import { guardedInput } from '@reelay/media';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterbox } from '../vision/letterbox.js';
import { planSampling, samplingTimes } from './sampling.plan.js';

const input = '/media/videos/in.mp4';
const guards = guardedInput(input).join(' ');
const box = letterbox({ width: 1280, height: 720 }, { width: 512, height: 512 });
const filters = 'scale=512:288:flags=bilinear,pad=512:512:0:112:color=gray,setsar=1,format=rgb24';

describe('samplingTimes', () => {
  it.each([
    ['lie in the middle of each step', 8.3, 2, 60, 2, [1, 3, 5, 7]],
    ['lie further apart in a longer video', 600, 2, 4, 150, [75, 225, 375, 525]],
    ['are the middle of a video that is shorter than a step', 0.9, 2, 60, 0.9, [0.45]],
    ['are one at least', 100, 2, 1, 100, [50]],
    ['are as many as may be where the duration is not known', null, 2, 3, 2, [1, 3, 5]],
  ])('%s', (_, durationSeconds, everySeconds, maxFrames, stepSeconds, times) => {
    expect(samplingTimes({ durationSeconds, everySeconds, maxFrames })).toEqual({ stepSeconds, times });
  });

  it('are never too many, never past the end, and evenly spread', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.04, max: 100_000, noNaN: true }),
        fc.double({ min: 0.04, max: 3600, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        (durationSeconds, everySeconds, maxFrames) => {
          const { times, stepSeconds } = samplingTimes({ durationSeconds, everySeconds, maxFrames });
          expect(times.length).toBeGreaterThanOrEqual(1);
          expect(times.length).toBeLessThanOrEqual(maxFrames);
          expect(times.at(-1)).toBeLessThanOrEqual(durationSeconds);
          // What is not looked at, at the end, is no longer than what lies between two pictures.
          expect(durationSeconds - (times.at(-1) ?? 0)).toBeLessThanOrEqual(stepSeconds + 1.001);
        },
      ),
      { seed: 20_251 },
    );
  });
});

describe('planSampling', () => {
  it('decodes a film once where the pictures lie close together', () => {
    const plan = planSampling(input, { durationSeconds: 8.3, everySeconds: 2, maxFrames: 60 }, box);
    expect(plan).toMatchObject({ stepSeconds: 2, frames: 4 });
    expect(plan.runs.map(({ args, times }) => [args.join(' '), times])).toEqual([
      [
        `${guards} -map 0:V:0 -vf fps=fps=1/2:start_time=0:round=near:eof_action=pass,${filters} ` +
          '-fps_mode passthrough -frames:v 4 -c:v rawvideo -f rawvideo pipe:3',
        [1, 3, 5, 7],
      ],
    ]);
  });

  it('seeks each picture where they lie far apart', () => {
    const plan = planSampling(input, { durationSeconds: 3600, everySeconds: 2, maxFrames: 3 }, box);
    expect(plan).toMatchObject({ stepSeconds: 1200, frames: 3 });
    expect(plan.runs.map(({ args, times }) => [args.join(' '), times])).toEqual(
      [600, 1800, 3000].map((seconds) => [
        `-ss ${String(seconds)}.000 ${guards} -map 0:V:0 -vf ${filters} ` +
          '-fps_mode passthrough -frames:v 1 -c:v rawvideo -f rawvideo pipe:3',
        [seconds],
      ]),
    );
  });

  it.each([
    [9.9, 1],
    [10, 10],
  ])('with %d seconds between two takes %d runs', (everySeconds, runs) => {
    const request = { durationSeconds: 100, everySeconds, maxFrames: 60 };
    expect(planSampling(input, request, box).runs).toHaveLength(runs);
  });
});
