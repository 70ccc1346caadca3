import { describe, expect, it } from 'vitest';
import { MediaError } from './errors.js';
import { parsePictureHeader, parsePictures } from './packets.js';

describe('parsePictures', () => {
  it('keeps the order of decoding, and counts from the start of the film', () => {
    const lines = [
      'pts_time=11.400000|dts_time=11.320000|duration_time=0.040000|flags=K_',
      'pts_time=11.480000|dts_time=11.360000|duration_time=N/A|flags=__',
      'pts_time=11.440000|dts_time=11.400000|duration_time=0.040000|flags=_D',
      '',
    ].join('\n');
    expect(parsePictures(lines, 1.4)).toEqual([
      { seconds: 10, durationSeconds: 0.04, isKey: true },
      { seconds: 10.08, durationSeconds: null, isKey: false },
      { seconds: 10.04, durationSeconds: 0.04, isKey: false, isHidden: true },
    ]);
  });

  it('takes the time of decoding where a container stores no other', () => {
    expect(parsePictures('pts_time=N/A|dts_time=0.080000|flags=K_', 0)).toEqual([
      { seconds: 0.08, durationSeconds: null, isKey: true },
    ]);
  });
});

describe('parsePictureHeader', () => {
  it('reads the dump of the parameter sets', () => {
    const extradata =
      '\n00000000: 0164 001e ffe1 001a 6764 001e acd9 40a0  .d......gd....@.\n00000010: 2ff9 70                                  /.p\n';
    const streams = [{ field_order: 'progressive', has_b_frames: 2, extradata }];
    expect(parsePictureHeader(JSON.stringify({ streams, format: { start_time: '1.400000' } }))).toEqual({
      startSeconds: 1.4,
      fieldOrder: 'progressive',
      reorderedFrames: 2,
      extradata: '0164001effe1001a6764001eacd940a02ff970',
    });
  });

  it('starts at zero where nothing says when', () => {
    expect(parsePictureHeader('{"streams":[{}],"format":{}}')).toEqual({
      startSeconds: 0,
      fieldOrder: null,
      reorderedFrames: 0,
      extradata: '',
    });
  });

  it('refuses a file without a picture', () => {
    expect(() => parsePictureHeader('{"streams":[],"format":{}}')).toThrow(MediaError);
  });
});
