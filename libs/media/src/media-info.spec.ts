import { describe, expect, it } from 'vitest';
import { describeMedia, describeSize } from './describe.js';
import { displaySize, uprightSize, type VideoStreamInfo } from './media-info.js';

const video = (fields: Partial<VideoStreamInfo>): VideoStreamInfo => ({
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 720,
  height: 576,
  displayAspectRatio: null,
  fps: 25,
  rotation: 0,
  bitrateKbps: null,
  ...fields,
});

describe('sizes of a picture', () => {
  it('turn with it', () => {
    expect(uprightSize(video({ rotation: 90 }))).toEqual({ width: 576, height: 720 });
    expect(uprightSize(video({ rotation: 180 }))).toEqual({ width: 720, height: 576 });
  });

  it('are seen with square pixels', () => {
    expect(displaySize(video({}))).toEqual({ width: 720, height: 576 });
    expect(displaySize(video({ displayAspectRatio: '16:9' }))).toEqual({ width: 1024, height: 576 });
    expect(displaySize(video({ displayAspectRatio: '16:9', rotation: 270 }))).toEqual({ width: 576, height: 1024 });
    expect(displaySize(video({ width: 1, height: 1 }))).toEqual({ width: 1, height: 1 });
  });
});

describe('descriptions', () => {
  it('tell of picture, sound, duration and size', () => {
    const media = { container: 'mov', bitrateKbps: null, durationSeconds: 8.3333, sizeBytes: 4_288_306 };
    expect(describeMedia({ ...media, video: video({ rotation: 90 }), audio: null })).toBe(
      'h264 720x576 25 fps turned by 90 degrees, no sound, 8.33 s, 4.29 MB',
    );
  });

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [2_500_000_000, '2.5 GB'],
  ])('give %d bytes as %s', (bytes, text) => {
    expect(describeSize(bytes)).toBe(text);
  });
});
