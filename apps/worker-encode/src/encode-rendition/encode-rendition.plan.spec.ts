import type { encodeRendition, ParametersOf, Rendition } from '@reelay/contracts';
import { guardedInput, type HardwareEncoders, type MediaInfo } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { planLadderEncode } from './encode-rendition.plan.js';

const files = { input: '/media/in.mov', output: '/media/work/.x.7.partial' };
const media: MediaInfo = {
  ...{ container: 'mov', durationSeconds: 10, sizeBytes: 2_000_000, bitrateKbps: 1600 },
  video: {
    ...{ codec: 'h264', profile: 'High', pixelFormat: 'yuv420p', width: 1280, height: 720 },
    ...{ displayAspectRatio: '16:9', fps: 25, rotation: 0, bitrateKbps: 1500, durationSeconds: 10 },
  },
  audio: { codec: 'aac', channels: 2, sampleRate: 44_100, bitrateKbps: 128 },
};
const large: Rendition = {
  ...{ name: '720p', width: 1280, height: 720, level: '3.1' },
  ...{ videoBitrateKbps: 2240, maxrateKbps: 2800, bufsizeKbps: 5600 },
};
const small: Rendition = {
  ...{ name: '360p', width: 640, height: 360, level: '3.0' },
  ...{ videoBitrateKbps: 630, maxrateKbps: 788, bufsizeKbps: 1576 },
};
const parameters: ParametersOf<typeof encodeRendition> = {
  ...{ inputPath: 'in.mov', renditions: [large, small], audio: { bitrateKbps: 128, channels: 2, sampleRate: 48_000 } },
  ...{ frameRate: '25', gopFrames: 100, speed: 'medium' },
};
const gpu = (name: string): HardwareEncoders => ({
  names: [name],
  renderNode: '/dev/dri/renderD128',
  devices: ['/dev/x'],
});

const HEAD = `-xerror ${guardedInput(files.input).join(' ')} -filter_complex`;
const SOUND =
  '[0:a:0]aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo,atrim=start_sample=1024,asetpts=N/SR/TB,' +
  'apad=whole_dur=10.000[a]';
const hls = (name: string, micros: number): string =>
  `-f hls -hls_time ${String(micros)}us -hls_list_size 0 -hls_segment_type fmp4 -hls_segment_options movflags=+cmaf ` +
  '-hls_flags temp_file -start_number 1 -hls_fmp4_init_filename init.mp4 ' +
  `-hls_segment_filename ${files.output}/${name}/%05d.m4s file:${files.output}/${name}/ffmpeg.m3u8`;
const KEYS = '-g 100 -keyint_min 100 -sc_threshold 0 -x264-params open-gop=0 -force_key_frames expr:not(mod(n,100))';

describe('an encode of renditions', () => {
  it('decodes once, and from there scales and encodes each, with key pictures at the same frames', () => {
    const plan = planLadderEncode(parameters, media, files, 3);
    expect(plan.args.join(' ')).toBe(
      `${HEAD} [0:V:0]fps=25:start_time=0,split=2[s0][s1];[s0]scale=1280:720,setsar=1[v0];` +
        `[s1]scale=640:360,setsar=1[v1];${SOUND} -max_muxing_queue_size 1024 ` +
        '-map [v0] -c:v libx264 -preset medium -profile:v high -level:v 3.1 -b:v 2240k -maxrate 2800k -bufsize 5600k ' +
        `-pix_fmt yuv420p -threads 3 ${KEYS} ${hls('720p', 2_000_000)} ` +
        '-map [v1] -c:v libx264 -preset medium -profile:v high -level:v 3.0 -b:v 630k -maxrate 788k -bufsize 1576k ' +
        `-pix_fmt yuv420p -threads 3 ${KEYS} ${hls('360p', 2_000_000)} ` +
        `-map [a] -c:a aac -b:a 128k ${hls('audio', 4_000_000)}`,
    );
    expect(plan).toMatchObject({ encoder: 'libx264', devices: [], tracks: ['720p', '360p', 'audio'] });
    expect(plan.expectedBytes).toBe((10 * (2240 + 630 + 128) * 1000) / 8);
  });

  it('of the sound alone has no picture, and of pictures alone no sound', () => {
    const sound = planLadderEncode({ ...parameters, renditions: [] }, media, files).args.join(' ');
    expect(sound).toBe(
      `${HEAD} ${SOUND} -max_muxing_queue_size 1024 -map [a] -c:a aac -b:a 128k ${hls('audio', 4_000_000)}`,
    );
    const silent = planLadderEncode({ ...parameters, audio: null }, { ...media, audio: null }, files).args.join(' ');
    expect(silent).not.toContain('-c:a');
  });

  it('prepares the picture once for all', () => {
    const hdr = { ...media, video: { ...media.video!, interlaced: true, colorTransfer: 'smpte2084' } };
    const graph = String(planLadderEncode(parameters, hdr, files).args.find((arg) => arg.startsWith('[0:V:0]')));
    expect(graph).toMatch(/^\[0:V:0\]bwdif=mode=send_frame,fps=25:start_time=0,zscale=.*,format=yuv420p,split=2/);
    expect(graph.match(/bwdif/g)).toHaveLength(1);
  });

  it('has the GPU encode all of them, or none', () => {
    const nvenc = planLadderEncode(parameters, media, files, undefined, gpu('h264_nvenc'));
    expect(nvenc).toMatchObject({ encoder: 'h264_nvenc', devices: ['/dev/x'] });
    expect(nvenc.args.join(' ')).toContain('-b:v 630k -maxrate 788k -bufsize 1576k');
    expect(nvenc.args.join(' ')).toContain(
      '-g 100 -force_key_frames expr:not(mod(n,100)) -forced-idr 1 -no-scenecut 1',
    );
    const vaapi = planLadderEncode(parameters, media, files, undefined, gpu('h264_vaapi')).args.join(' ');
    expect(vaapi.match(/setsar=1,format=nv12,hwupload\[v/g)).toHaveLength(2);
    // Too small a picture for any of them.
    const tiny = { ...small, name: '90p', width: 160, height: 90 };
    const mixed = { ...parameters, renditions: [large, tiny] };
    expect(planLadderEncode(mixed, media, files, undefined, gpu('h264_nvenc')).encoder).toBe('libx264');
  });

  it('refuses what the input lacks, and a folder whose name ffmpeg would take for a pattern', () => {
    expect(() => planLadderEncode(parameters, { ...media, audio: null }, files)).toThrow('has no sound');
    expect(() => planLadderEncode(parameters, { ...media, video: null }, files)).toThrow('sound only');
    for (const output of ['/media/a%d', '/media/%05d/b']) {
      expect(() => planLadderEncode(parameters, media, { ...files, output })).toThrow('takes for a number');
    }
    expect(() => planLadderEncode(parameters, media, { ...files, output: '/media/100%' })).not.toThrow();
  });
});
