import { describe, expect, it } from 'vitest';
import { parseProbe } from './probe-parse.js';

const picture = {
  codec_type: 'video',
  codec_name: 'h264',
  profile: 'High',
  pix_fmt: 'yuv420p',
  width: 1280,
  height: 720,
  display_aspect_ratio: '16:9',
  avg_frame_rate: '30000/1001',
  r_frame_rate: '30/1',
  bit_rate: '3877143',
  start_time: '0.000000',
  duration: '8.300000',
};
const sound = { codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2, bit_rate: '128400' };
const probed = (streams: object[], format: object = {}) =>
  parseProbe(JSON.stringify({ streams, format: { format_name: 'mov,mp4', duration: '8.320000', ...format } }), 4321);

describe('parseProbe', () => {
  it('turns what ffprobe says into numbers', () => {
    expect(
      probed([picture, { ...sound, start_time: '0.020000', duration: '8.300000' }], { bit_rate: '4123371' }),
    ).toEqual({
      container: 'mov,mp4',
      durationSeconds: 8.32,
      sizeBytes: 4321,
      bitrateKbps: 4123,
      video: {
        codec: 'h264',
        profile: 'High',
        pixelFormat: 'yuv420p',
        width: 1280,
        height: 720,
        displayAspectRatio: '16:9',
        fps: 29.97,
        rotation: 0,
        bitrateKbps: 3877,
        durationSeconds: 8.3,
      },
      audio: { codec: 'aac', channels: 2, sampleRate: 48000, bitrateKbps: 128, durationSeconds: 8.3 },
    });
  });

  it('tells what an encode has to even out', () => {
    expect(probed([{ ...picture, field_order: 'tt', color_transfer: 'smpte2084' }])?.video).toMatchObject({
      interlaced: true,
      colorTransfer: 'smpte2084',
    });
    expect(probed([{ ...picture, avg_frame_rate: '2417/100' }])?.video?.peakFps).toBe(30);
  });

  it('leaves out what is nothing special', () => {
    const fields = { field_order: 'bb', avg_frame_rate: '25/1', r_frame_rate: '50/1' };
    expect(probed([{ ...picture, ...fields }])?.video).not.toHaveProperty('peakFps');
    expect(
      probed([{ ...picture, field_order: 'progressive', color_transfer: 'unknown', duration: 'N/A' }])?.video,
    ).toEqual(expect.not.objectContaining({ interlaced: expect.anything() as unknown }));
  });

  it('takes N/A, 0/0 and what is missing as not known', () => {
    const media = probed(
      [
        {
          ...picture,
          avg_frame_rate: '0/0',
          r_frame_rate: '0/0',
          bit_rate: 'N/A',
          duration: 'N/A',
          display_aspect_ratio: '0:1',
        },
      ],
      { duration: 'N/A' },
    );
    expect(media?.durationSeconds).toBeNull();
    expect(media?.bitrateKbps).toBeNull();
    expect(media?.video).toMatchObject({ fps: null, bitrateKbps: null, displayAspectRatio: null });
  });

  it.each([
    [{ side_data_list: [{ rotation: -90 }] }, 90],
    [{ side_data_list: [{}, { rotation: 90 }] }, 270],
    [{ side_data_list: [{ rotation: 180 }] }, 180],
    [{ side_data_list: [{ rotation: -0.2 }] }, 0],
    [{ tags: { rotate: '270' } }, 270],
    [{ tags: { rotate: 'upright' } }, 0],
  ])('reads %j as a turn by %d degrees clockwise', (fields, rotation) => {
    expect(probed([{ ...picture, ...fields }])?.video?.rotation).toBe(rotation);
  });

  it('does not take cover art for the picture', () => {
    const cover = { ...picture, codec_name: 'mjpeg', disposition: { attached_pic: 1 } };
    expect(probed([cover, picture])?.video?.codec).toBe('h264');
    expect(probed([cover, sound])?.video).toBeNull();
  });

  it('lets no other stream than picture and sound make it longer', () => {
    const subtitles = { codec_type: 'subtitle', duration: '60' };
    expect(probed([picture, subtitles], { duration: '60' })?.durationSeconds).toBe(8.3);
    expect(probed([picture, sound], { duration: '60' })?.durationSeconds).toBe(60);
  });

  it("reads Matroska's durations, and counts from the first start", () => {
    const tagged = { ...picture, duration: undefined, start_time: '1.4', tags: { DURATION: '00:01:02.500000000' } };
    expect(probed([tagged], { duration: '70' })?.durationSeconds).toBeCloseTo(62.5);
  });

  it('is null for what holds neither, and for what is no JSON', () => {
    expect(probed([{ codec_type: 'data' }])).toBeNull();
    expect(probed([{ ...picture, width: 0, height: 0 }])).toBeNull();
    expect(parseProbe('', 1)).toBeNull();
  });
});
