import { guardedInput, type MediaInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { judge, planDecode } from './validate.plan.js';

const media: MediaInfo = {
  container: 'mov,mp4',
  durationSeconds: 100,
  sizeBytes: 1,
  bitrateKbps: 1,
  video: {
    codec: 'h264',
    profile: 'High',
    pixelFormat: 'yuv420p',
    width: 640,
    height: 360,
    displayAspectRatio: null,
    fps: 25,
    rotation: 0,
    bitrateKbps: null,
  },
  audio: null,
};
const decoded = { complaints: 0, stderr: [], mediaSeconds: 100 };

describe('judge', () => {
  it('takes a picture in a known codec for valid', () => {
    expect(judge(media, null)).toEqual({ valid: true, reason: null });
    expect(judge(media, decoded)).toEqual({ valid: true, reason: null });
    expect(judge({ ...media, durationSeconds: null }, decoded).valid).toBe(true);
  });

  it('refuses sound without a picture', () => {
    expect(judge({ ...media, video: null }, null)).toEqual({
      valid: false,
      reason: 'it has sound only, and no picture',
    });
  });

  it.each([
    [{ complaints: 1, stderr: ['partial file'] }, 'decoding it reported an error: partial file'],
    [{ complaints: 60, stderr: ['bad', 'worse'] }, 'decoding it reported 60 errors, such as: bad'],
    [{ mediaSeconds: 50 }, 'it ends at 50.0 s of 100.0 s'],
  ])('refuses a decode with %j', (change, reason) => {
    expect(judge(media, { ...decoded, ...change })).toEqual({ valid: false, reason });
  });

  it('allows for a last picture that is shown for long', () => {
    expect(judge(media, { ...decoded, mediaSeconds: 98.5 }).valid).toBe(true);
  });
});

it('decodes all pictures and sounds, and keeps nothing', () => {
  const guards = guardedInput('/media/in.mp4').join(' ');
  expect(planDecode('/media/in.mp4').join(' ')).toBe(`${guards} -map 0:V? -map 0:a? -f null -`);
});
