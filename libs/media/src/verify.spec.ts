import { describe, expect, it } from 'vitest';
import type { VideoExpectation } from './expectation.js';
import type { MediaInfo } from './media-info.js';
import { decodeCheck, outputFault } from './verify.js';

const planned: VideoExpectation = {
  kind: 'video',
  container: 'mp4',
  videoCodec: 'h264',
  audioCodec: 'aac',
  width: 640,
  height: 360,
  durationSeconds: 10,
};
const found: MediaInfo = {
  container: 'mov,mp4,m4a',
  durationSeconds: 10,
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
  audio: { codec: 'aac', channels: 2, sampleRate: 48000, bitrateKbps: null },
};

describe('outputFault', () => {
  it('finds none in what was planned', () => {
    expect(outputFault(found, planned)).toBeNull();
  });

  it.each([
    [{ video: null }, 'the output has no picture'],
    [{ audio: null }, 'its sound is missing, not aac'],
    [{ container: 'mpegts' }, 'its container is mpegts, not mp4'],
    [{ durationSeconds: 9.7 }, 'it lasts 9.70 s, not 10.00 s'],
    [{ durationSeconds: null }, 'it lasts an unknown number of s, not 10.00 s'],
  ])('finds that of %j', (change, fault) => {
    expect(outputFault({ ...found, ...change }, planned)).toBe(fault);
  });

  it('finds another size or codec', () => {
    expect(outputFault(found, { ...planned, height: 362 })).toBe('it measures 640x360, not 640x362');
    expect(outputFault(found, { ...planned, videoCodec: 'hevc' })).toBe('its picture is h264, not hevc');
    expect(outputFault(found, { ...planned, audioCodec: null })).toBe('its sound is aac, not left out');
  });

  it('finds what is wrong with sound', () => {
    const sound = { kind: 'sound', container: 'mp3', audioCodec: 'mp3', durationSeconds: 10 } as const;
    const mp3 = { ...found, container: 'mp3', video: null, audio: { ...found.audio!, codec: 'mp3' } };
    expect(outputFault(mp3, sound)).toBeNull();
    expect(outputFault({ ...mp3, video: found.video }, sound)).toBe('it has a picture, and should have sound only');
    expect(outputFault({ ...mp3, audio: null }, sound)).toBe('its sound is missing, not mp3');
    expect(outputFault({ ...mp3, durationSeconds: 8 }, sound)).toBe('it lasts 8.00 s, not 10.00 s');
  });

  it('allows 0.2 s or 1 % of the duration', () => {
    expect(outputFault({ ...found, durationSeconds: 9.81 }, planned)).toBeNull();
    expect(outputFault({ ...found, durationSeconds: 995 }, { ...planned, durationSeconds: 1000 })).toBeNull();
    expect(outputFault({ ...found, durationSeconds: 985 }, { ...planned, durationSeconds: 1000 })).not.toBeNull();
    expect(outputFault({ ...found, durationSeconds: 3 }, { ...planned, durationSeconds: null })).toBeNull();
  });
});

describe('decodeCheck', () => {
  it('decodes the first and the last second in one run', () => {
    expect(decodeCheck('/m/-a.mp4', planned).join(' ')).toMatch(
      /^-xerror -t 1 -protocol_whitelist file .* -i file:\/m\/-a.mp4 -sseof -1 -protocol_whitelist file .* -i file:\/m\/-a.mp4 -map 0 -map 1 -f null -$/,
    );
  });
});
