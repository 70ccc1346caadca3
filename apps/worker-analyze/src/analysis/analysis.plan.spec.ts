import { guardedInput, type MediaInfo, type VideoStreamInfo } from '@reelay/media';
import { expect, it } from 'vitest';
import { planAnalysis } from './analysis.plan.js';

const video: VideoStreamInfo = {
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 1280,
  height: 720,
  displayAspectRatio: null,
  fps: 25,
  rotation: 90,
  bitrateKbps: null,
};
const audio = { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: null };
const media = (other: Partial<VideoStreamInfo> = {}, sound: MediaInfo['audio'] = audio): MediaInfo => ({
  ...{ container: 'mov', durationSeconds: 9, sizeBytes: 1, bitrateKbps: 1 },
  video: { ...video, ...other },
  audio: sound,
});
const guards = guardedInput('/media/in.mp4').join(' ');
const pictureOf = (scale: string): string =>
  `-map 0:V:0 -vf ${scale}format=rgb24,scdet=threshold=10,settb=1/1000000,metadata=mode=print:file=pipe\\\\:3`;

it('one pass measures picture and sound', () => {
  expect(planAnalysis('/media/in.mp4', media(), 10).join(' ')).toBe(
    `-noautorotate ${guards} ${pictureOf('scale=160:90:flags=area,')} -map 0:a:0 ` +
      '-af ebur128=metadata=1,asettb=1/1000000,ametadata=mode=print:key=lavfi.r128.M:file=pipe\\\\:4 -sn -dn -f null -',
  );
});

it('without sound there is nothing to hear, and small pictures stay as they are', () => {
  expect(planAnalysis('/media/in.mp4', media({ width: 16, height: 16 }, null), 10).join(' ')).toBe(
    `-noautorotate ${guards} ${pictureOf('')} -sn -dn -f null -`,
  );
});

it('very flat pictures keep a few lines', () => {
  expect(planAnalysis('/media/in.mp4', media({ width: 4000, height: 16 }), 10).join(' ')).toContain('scale=160:2:');
});
