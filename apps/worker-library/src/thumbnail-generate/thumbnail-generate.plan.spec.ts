import { guardedInput } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { isBrightEnough, planSample, sampleBrightness, thumbnailPositions } from './thumbnail-generate.plan.js';

const input = '/media/videos/in.mp4';
const guards = guardedInput(input).join(' ');

describe('thumbnailPositions', () => {
  it('starts a quarter into the video', () => {
    expect(thumbnailPositions(undefined, 100)).toEqual([25, 35, 50, 65, 80, 10, 0]);
  });

  it('keeps to a timestamp inside the video', () => {
    expect(thumbnailPositions(12.5, 100)).toEqual([12.5, 99, 0]);
  });

  it.each([100, 100.5, 1_000_000])('moves the timestamp %d past the end to the last second', (timestamp) => {
    expect(thumbnailPositions(timestamp, 100)).toEqual([99, 0]);
  });

  it('does not leave a video shorter than a second', () => {
    expect(thumbnailPositions(5, 0.4)).toEqual([0]);
    expect(Math.max(...thumbnailPositions(undefined, 0.4))).toBeLessThan(0.4);
  });

  it('ends at the start where the duration is not known', () => {
    expect(thumbnailPositions(undefined, null)).toEqual([5, 1, 0]);
    expect(thumbnailPositions(30, null)).toEqual([30, 0]);
  });
});

describe('the command', () => {
  it('takes a small grey sample', () => {
    expect(planSample(input, 0, '/work/sample.gray').join(' ')).toBe(
      `-ss 0.000 ${guards} -map 0:V:0 -frames:v 1 -vf scale=64:36 -pix_fmt gray -f rawvideo file:/work/sample.gray`,
    );
  });
});

describe('brightness', () => {
  it('is the mean of a whole sample', () => {
    expect(sampleBrightness(new Uint8Array(64 * 36).fill(90))).toBe(90);
    expect(sampleBrightness(new Uint8Array(0))).toBeNull();
  });

  it('tells near-black frames', () => {
    expect([0, 20, 21, 255].map(isBrightEnough)).toEqual([false, false, true, true]);
  });
});
