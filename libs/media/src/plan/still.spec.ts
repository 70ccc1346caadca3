import { describe, expect, it } from 'vitest';
import { guardedInput } from '../input.js';
import type { VideoStreamInfo } from '../media-info.js';
import { planStill, stillSize } from './still.js';

const input = '/media/videos/in.mp4';
const guards = guardedInput(input).join(' ');
const hd: VideoStreamInfo = {
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 1280,
  height: 720,
  displayAspectRatio: null,
  fps: 25,
  rotation: 0,
  bitrateKbps: null,
};

describe('stillSize', () => {
  it.each([
    ['narrows with the aspect kept', hd, 640, { width: 640, height: 360 }],
    ['never enlarges', hd, 5000, { width: 1280, height: 720 }],
    ['turns with the video', { ...hd, rotation: 90 }, 360, { width: 360, height: 640 }],
    [
      'squares the pixels',
      { ...hd, width: 720, height: 576, displayAspectRatio: '16:9' },
      640,
      { width: 640, height: 360 },
    ],
    ['keeps a line of a very flat video', { ...hd, width: 4000, height: 2 }, 16, { width: 16, height: 1 }],
  ])('%s', (_, video, width, size) => {
    expect(stillSize(video, width)).toEqual(size);
  });
});

it('the command seeks before the input and writes one JPEG', () => {
  const { args, expect: expected } = planStill(input, 2.08, { width: 640, height: 360 }, '/media/thumbnails/.x.jpg');
  expect(args.join(' ')).toBe(
    `-ss 2.080 ${guards} -map 0:V:0 -frames:v 1 -vf scale=640:360:flags=lanczos,setsar=1 ` +
      '-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -f image2 -update 1 file:/media/thumbnails/.x.jpg',
  );
  expect(expected).toEqual({ kind: 'picture', videoCodec: 'mjpeg', width: 640, height: 360 });
});
