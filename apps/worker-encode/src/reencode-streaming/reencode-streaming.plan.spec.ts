import { reencodeStreaming } from '@reelay/contracts';
import { guardedInput, MediaError, type HardwareEncoders, type MediaInfo, type VideoStreamInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { planReencode } from './reencode-streaming.plan.js';

const files = { input: '/media/videos/in.mov', output: '/media/playback/.in.7.partial.mp4' };
const guards = guardedInput(files.input).join(' ');

const fitting: VideoStreamInfo = {
  codec: 'h264',
  profile: 'High',
  pixelFormat: 'yuv420p',
  width: 1280,
  height: 720,
  displayAspectRatio: '16:9',
  fps: 25,
  rotation: 0,
  bitrateKbps: 1500,
};
const sound = { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: 128 };

const media = (video: Partial<VideoStreamInfo> | null, others: Partial<MediaInfo> = {}): MediaInfo => ({
  container: 'mov,mp4,m4a,3gp,3g2,mj2',
  durationSeconds: 10,
  sizeBytes: 2_000_000,
  bitrateKbps: 1600,
  video: video === null ? null : { ...fitting, ...video },
  audio: sound,
  ...others,
});

const plan = (source: MediaInfo, parameters: object = {}, threads?: number, hardware?: HardwareEncoders) =>
  planReencode(
    reencodeStreaming.parameters.parse({ inputPath: 'videos/in.mov', ...parameters }),
    source,
    files,
    threads,
    hardware,
  );
const command = (...of: Parameters<typeof plan>): string => plan(...of).args.join(' ');

describe('the command of an encode', () => {
  it('is H.264 and AAC with the index at the front', () => {
    expect(command(media({ codec: 'hevc' }))).toBe(
      `-xerror ${guards} -map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0 ` +
        '-c:v libx264 -preset medium -crf 23 -maxrate 2000k -bufsize 4000k -pix_fmt yuv420p -c:a aac -b:a 128k ' +
        '-movflags +faststart -max_muxing_queue_size 1024 -f mp4 file:/media/playback/.in.7.partial.mp4',
    );
  });

  it('follows the parameters and the setting for threads', () => {
    const parameters = { preset: 'veryfast', crf: 30, targetBitrate: 800, force: true };
    expect(command(media({}), parameters, 2)).toBe(
      `-xerror ${guards} -map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0 ` +
        '-c:v libx264 -preset veryfast -crf 30 -maxrate 800k -bufsize 1600k -pix_fmt yuv420p -threads 2 ' +
        '-c:a aac -b:a 128k -movflags +faststart -max_muxing_queue_size 1024 -f mp4 file:/media/playback/.in.7.partial.mp4',
    );
  });

  it('has no sound where the input has none', () => {
    const { args, expect: expected } = plan(media({ codec: 'vp9' }, { audio: null }));
    expect(args).toContain('-an');
    expect(args).not.toContain('-c:a');
    expect(expected.audioCodec).toBeNull();
  });

  it.each([
    [{ width: 641, height: 361 }, 'scale=640:360', { width: 640, height: 360 }],
    [{ width: 641, height: 360, rotation: 90 }, 'scale=360:640', { width: 360, height: 640 }],
    [{ width: 1, height: 1 }, 'scale=2:2', { width: 2, height: 2 }],
  ])('makes the sides of %j even, once it is upright', (size, filter, expected) => {
    const odd = plan(media(size));
    expect(odd.args.join(' ')).toContain(`-vf ${filter} -c:v libx264`);
    expect(odd.expect).toMatchObject(expected);
  });
});

describe('the command of a remux', () => {
  it('copies both streams', () => {
    const { mode, args, expect: expected } = plan(media({}));
    expect(mode).toBe('remux');
    expect(args.join(' ')).toBe(
      `-xerror ${guards} -map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0 -c copy ` +
        '-movflags +faststart -max_muxing_queue_size 1024 -f mp4 file:/media/playback/.in.7.partial.mp4',
    );
    expect(expected).toEqual({
      kind: 'video',
      container: 'mp4',
      videoCodec: 'h264',
      audioCodec: 'aac',
      width: 1280,
      height: 720,
      durationSeconds: 10,
    });
  });
});

describe('what fits already', () => {
  it.each([
    ['no sound', media({}, { audio: null })],
    ['the Main profile', media({ profile: 'Main' })],
    ['a bitrate that only the container tells', media({ bitrateKbps: null })],
    ['exactly the highest bitrate', media({ bitrateKbps: 2000 })],
  ])('%s', (_, source) => {
    expect(plan(source).mode).toBe('remux');
  });

  it.each([
    ['its container is matroska,webm', media({}, { container: 'matroska,webm' })],
    ['its picture is hevc', media({ codec: 'hevc' })],
    ['its pixel format is yuv420p10le', media({ pixelFormat: 'yuv420p10le' })],
    ['its H.264 profile is High 4:4:4 Predictive', media({ profile: 'High 4:4:4 Predictive' })],
    ['its H.264 profile is null', media({ profile: null })],
    ['its picture is turned by 90 degrees', media({ rotation: 90 })],
    ['it measures 1281x720, which is odd', media({ width: 1281 })],
    ['its sound is mp3', media({}, { audio: { ...sound, codec: 'mp3' } })],
    ['its sound is of no known sample rate', media({}, { audio: { ...sound, sampleRate: null } })],
    ['its bitrate is not known', media({ bitrateKbps: null }, { bitrateKbps: null })],
    ['its bitrate of 2001 kbit/s is above 2000', media({ bitrateKbps: 2001 })],
  ])('not when %s', (reason, source) => {
    expect(plan(source)).toMatchObject({ mode: 'encode', reason });
  });

  it('is encoded all the same when force is set', () => {
    expect(plan(media({}), { force: true })).toMatchObject({ mode: 'encode', reason: 'force is set' });
  });
});

it('refuses an input without a picture', () => {
  expect(() => plan(media(null))).toThrow(MediaError);
  expect(() => plan(media(null))).toThrow(/sound only/);
});

describe('the command of an encode on a GPU', () => {
  const machine = (name: string): HardwareEncoders => ({
    names: [name],
    renderNode: '/dev/dri/renderD128',
    devices: ['/dev/dri/renderD128'],
  });
  const end = '-c:a aac -b:a 128k -movflags +faststart -max_muxing_queue_size 1024 -f mp4 file:' + files.output;
  const streams = '-map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0';

  it('is as the parameters say, by NVENC', () => {
    expect(command(media({ codec: 'hevc' }), { preset: 'fast' }, 2, machine('h264_nvenc'))).toBe(
      `-xerror ${guards} ${streams} -c:v h264_nvenc -preset p3 -tune hq -rc vbr -cq 23 -b:v 0 ` +
        `-maxrate 2000k -bufsize 4000k -rc-lookahead 20 -pix_fmt yuv420p ${end}`,
    );
  });

  it('is as the parameters say, by QSV', () => {
    expect(command(media({ codec: 'hevc' }), { targetBitrate: 3000 }, undefined, machine('h264_qsv'))).toBe(
      `-xerror -qsv_device /dev/dri/renderD128 ${guards} ${streams} -c:v h264_qsv -preset medium ` +
        `-b:v 2000k -maxrate 3000k -bufsize 6000k -pix_fmt nv12 ${end}`,
    );
  });

  it('is as the parameters say, by VAAPI, with even sides', () => {
    expect(command(media({ width: 1281 }), { targetBitrate: 3000 }, undefined, machine('h264_vaapi'))).toBe(
      `-xerror -vaapi_device /dev/dri/renderD128 ${guards} ${streams} -vf scale=1280:720,format=nv12,hwupload ` +
        `-c:v h264_vaapi -rc_mode VBR -b:v 2000k -maxrate 3000k -bufsize 6000k ${end}`,
    );
  });

  it('names its encoder and devices, and neither for what is copied', () => {
    const gpu = machine('h264_vaapi');
    expect(plan(media({ codec: 'vp9' }), {}, undefined, gpu)).toMatchObject({
      encoder: 'h264_vaapi',
      devices: gpu.devices,
    });
    expect(plan(media({ codec: 'vp9' }))).toMatchObject({ encoder: 'libx264', devices: [] });
    expect(plan(media({}), {}, undefined, gpu)).toMatchObject({ mode: 'remux', encoder: null, devices: [] });
  });
});
