import { guardedInput, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { gifSize, planGif, smallerShape } from './compile-gif.plan.js';

const video: VideoStreamInfo = {
  codec: 'h264',
  profile: null,
  pixelFormat: null,
  width: 640,
  height: 360,
  displayAspectRatio: null,
  fps: 25,
  rotation: 0,
  bitrateKbps: null,
};

it('the palette is made in the same run', () => {
  const args = planGif('/media/in.mp4', { start: 1, duration: 2.5 }, { width: 200, height: 113 }, 10, '/out.gif');
  expect(args.join(' ')).toBe(
    `-noaccurate_seek -ss 1.000 ${guardedInput('/media/in.mp4').join(' ')} -filter_complex ` +
      '[0:V:0]fps=10:eof_action=pass,tpad=stop=-1:stop_mode=clone,fps=10:start_time=0,trim=end_frame=25,' +
      'scale=200:113:flags=lanczos,setsar=1,split[shown][counted];' +
      '[counted]palettegen=stats_mode=diff[palette];' +
      '[shown][palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[v] ' +
      '-map [v] -loop 0 -f gif file:/out.gif',
  );
});

it('the size keeps the shape, and is never larger than the video', () => {
  expect(gifSize(video, 200)).toEqual({ width: 200, height: 113 });
  expect(gifSize(video, 1000)).toEqual({ width: 640, height: 360 });
  expect(gifSize({ ...video, rotation: 90 }, 180)).toEqual({ width: 180, height: 320 });
});

describe('smallerShape', () => {
  it.each([
    ['fewer pixels first', { width: 400, fps: 12 }, 2, { width: 271, fps: 12 }],
    ['then fewer pictures', { width: 80, fps: 12 }, 4, { width: 64, fps: 4 }],
    ['at the least width, fewer pictures only', { width: 64, fps: 12 }, 2, { width: 64, fps: 5 }],
  ])('%s', (_, shape, times, smaller) => {
    expect(smallerShape(shape, 1000 * times, 1000)).toEqual(smaller);
  });

  it('gives up where nothing is left', () => {
    expect(smallerShape({ width: 64, fps: 4 }, 2000, 1000)).toBeNull();
  });

  it('comes to an end, whatever the sizes', () => {
    let shape: { width: number; fps: number } | null = { width: 1920, fps: 50 };
    let tries = 0;
    while (shape !== null && tries < 1000) {
      shape = smallerShape(shape, 1001, 1000);
      tries++;
    }
    expect(tries).toBeLessThan(1000);
  });
});
