import { BUILT_IN_PRESETS, overrideSettings, type PresetOverrides, type PresetSettings } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../errors.js';
import { guardedInput } from '../input.js';
import type { AudioStreamInfo, MediaInfo, VideoStreamInfo } from '../media-info.js';
import type { HardwareEncoders } from './hardware-encoder.js';
import { planTranscode, type TranscodePlan } from './transcode.js';

const files = { input: '/media/videos/in.mov', output: '/media/playback/.in.7.partial' };
const guards = guardedInput(files.input).join(' ');
const HEAD = `-xerror ${guards}`;
const BOTH = '-map 0:V:0 -map 0:a:0 -sn -dn -map_metadata 0';
const END = `file:${files.output}`;

const picture: VideoStreamInfo = {
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
const sound: AudioStreamInfo = { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: 128 };

const media = (
  video: Partial<VideoStreamInfo> | null = {},
  audio: Partial<AudioStreamInfo> | null = {},
): MediaInfo => ({
  container: 'mov,mp4,m4a,3gp,3g2,mj2',
  durationSeconds: 10,
  sizeBytes: 2_000_000,
  bitrateKbps: 1600,
  video: video === null ? null : { ...picture, ...video },
  audio: audio === null ? null : { ...sound, ...audio },
});

function settingsOf(preset: string, overrides: PresetOverrides = {}): PresetSettings {
  const outcome = overrideSettings(BUILT_IN_PRESETS.get(preset)!.settings, overrides);
  if ('faults' in outcome) throw new Error(JSON.stringify(outcome.faults));
  return outcome.settings;
}

interface Given {
  readonly overrides?: PresetOverrides;
  readonly start?: number;
  readonly end?: number;
  readonly threads?: number;
  readonly hardware?: HardwareEncoders;
}

const plan = (preset: string, source = media(), { overrides, threads, hardware, ...part }: Given = {}): TranscodePlan =>
  planTranscode({ settings: settingsOf(preset, overrides), ...part }, source, files, threads, hardware);
const command = (...of: Parameters<typeof plan>): string => plan(...of).args.join(' ');
const filtersOf = (...of: Parameters<typeof plan>): string => {
  const { args } = plan(...of);
  return args.includes('-vf') ? String(args[args.indexOf('-vf') + 1]) : '';
};

function refusal(of: () => unknown): MediaError {
  try {
    of();
  } catch (error) {
    if (error instanceof MediaError) return error;
  }
  throw new Error('it was not refused');
}

describe('the command of each built-in preset', () => {
  const large = media({ width: 3840, height: 2160 });
  const AAC = '-c:a aac -b:a 128k -ar 48000';
  const MP4 = '-movflags +faststart -max_muxing_queue_size 1024 -f mp4';

  it.each([
    [
      'web-1080p',
      `${BOTH} -vf scale=1920:1080,setsar=1 -c:v libx264 -preset medium -crf 23 -maxrate 5000k -bufsize 10000k ` +
        `-pix_fmt yuv420p -g 50 ${AAC} ${MP4}`,
    ],
    [
      'web-720p',
      `${BOTH} -vf scale=1280:720,setsar=1 -c:v libx264 -preset medium -crf 23 -maxrate 2800k -bufsize 5600k ` +
        `-pix_fmt yuv420p -g 50 ${AAC} ${MP4}`,
    ],
    [
      'web-480p',
      `${BOTH} -vf scale=854:480,setsar=1 -c:v libx264 -preset medium -crf 23 -maxrate 1400k -bufsize 2800k ` +
        `-pix_fmt yuv420p -g 50 ${AAC} ${MP4}`,
    ],
    [
      'hevc-1080p',
      `${BOTH} -vf scale=1920:1080,setsar=1 -c:v libx265 -preset medium -crf 26 -maxrate 3500k -bufsize 7000k ` +
        `-x265-params log-level=error:open-gop=0 -tag:v hvc1 -pix_fmt yuv420p -g 50 ${AAC} ${MP4}`,
    ],
    [
      'av1-1080p',
      `${BOTH} -vf scale=1920:1080,setsar=1 -c:v libsvtav1 -preset 7 -crf 35 -pix_fmt yuv420p -g 50 ${AAC} ${MP4}`,
    ],
    [
      'vp9-1080p',
      `${BOTH} -vf scale=1920:1080,setsar=1 -c:v libvpx-vp9 -deadline good -cpu-used 3 -row-mt 1 -crf 32 -b:v 0 ` +
        '-pix_fmt yuv420p -g 50 -c:a libopus -b:a 112k -ar 48000 -max_muxing_queue_size 1024 -f webm',
    ],
    [
      'audio-aac',
      '-vn -map 0:a:0 -sn -dn -map_metadata 0 -c:a aac -b:a 160k -ar 48000 -movflags +faststart ' +
        '-max_muxing_queue_size 1024 -f ipod',
    ],
    [
      'audio-opus',
      '-vn -map 0:a:0 -sn -dn -map_metadata 0 -c:a libopus -b:a 112k -ar 48000 -max_muxing_queue_size 1024 -f ogg',
    ],
    [
      'audio-mp3',
      '-vn -map 0:a:0 -sn -dn -map_metadata 0 -c:a libmp3lame -b:a 192k -max_muxing_queue_size 1024 -f mp3',
    ],
    [
      'preview-240p',
      '-t 6 -map 0:V:0 -an -sn -dn -map_metadata 0 -vf fps=12.5,scale=426:240,setsar=1 -c:v libx264 -preset medium ' +
        `-crf 30 -pix_fmt yuv420p -g 25 ${MP4}`,
    ],
  ])('%s', (preset, expected) => {
    expect(command(preset, large)).toBe(`${HEAD} ${expected} ${END}`);
  });

  it('are all of them', () => {
    for (const preset of BUILT_IN_PRESETS.keys()) expect(plan(preset).mode).toBe('encode');
  });

  it('limit the threads of every encoder, each in its own way', () => {
    const threads = (preset: string): string => command(preset, media(), { threads: 2 });
    expect(threads('web-1080p')).toContain('-bufsize 10000k -threads 2');
    expect(threads('hevc-1080p')).toContain('-x265-params log-level=error:open-gop=0:pools=2');
    expect(threads('av1-1080p')).toContain('-svtav1-params lp=2');
    expect(threads('vp9-1080p')).toContain('-b:v 0 -threads 2');
  });

  it('say what of ffmpeg they need', () => {
    expect(plan('vp9-1080p', large).needs).toEqual({
      encoders: ['libvpx-vp9', 'libopus'],
      filters: ['scale', 'setsar'],
    });
    expect(plan('audio-mp3').needs).toEqual({ encoders: ['libmp3lame'], filters: [] });
  });
});

describe('settings', () => {
  it('encode to a bitrate', () => {
    const overrides = { video: { bitrateKbps: 900 } };
    expect(command('web-480p', media(), { overrides })).toContain(
      '-b:v 900k -maxrate 1400k -bufsize 2800k -pix_fmt yuv420p',
    );
    expect(command('vp9-1080p', media(), { overrides })).toContain('-row-mt 1 -b:v 900k -pix_fmt');
  });

  it('limit the bitrate of VP9 as its encoder wants it', () => {
    const overrides = { video: { maxrateKbps: 2000 } };
    expect(command('vp9-1080p', media(), { overrides })).toContain('-crf 32 -b:v 2000k -bufsize 4000k');
  });

  it('bring the sound to a loudness, and back to a usual rate', () => {
    const overrides = { audio: { loudness: { integratedLufs: -16 } } };
    const { args, needs, notes } = plan('audio-mp3', media(), { overrides });
    expect(args.join(' ')).toContain('-af loudnorm=I=-16:TP=-1.5:LRA=11 -c:a libmp3lame -b:a 192k -ar 48000');
    expect(needs.filters).toEqual(['loudnorm']);
    expect(notes).toContain('its loudness is brought to -16 LUFS');
  });

  it('copy the sound, and only repackage it when that is all', () => {
    const both = plan('web-1080p', media(), { overrides: { audio: { codec: 'copy' } } });
    expect(both).toMatchObject({ mode: 'encode', expect: { audioCodec: 'aac' }, needs: { encoders: ['libx264'] } });
    const only = plan('audio-aac', media(), { overrides: { audio: { codec: 'copy' } } });
    expect(only).toMatchObject({ mode: 'remux', needs: { encoders: [], filters: [] } });
    expect(only.args.join(' ')).toContain('-c:a copy');
  });

  it('refuse to copy what the container cannot hold', () => {
    const overrides = { audio: { codec: 'copy' } } as const;
    const error = refusal(() => plan('audio-mp3', media(), { overrides }));
    expect(error.code).toBe('INVALID_PARAMETERS');
    expect(error.message).toContain('its sound is aac, which cannot be copied into mp3');
  });

  it('blame the input for a sound that does not tell how it is coded, where it is to be copied', () => {
    const overrides = { container: 'mkv', audio: { codec: 'copy' } } as const;
    for (const audio of [{ codec: 'unknown', sampleRate: null }, { sampleRate: null }]) {
      expect(refusal(() => plan('web-1080p', media({}, audio), { overrides })).code).toBe('INPUT_UNREADABLE');
      expect(plan('web-1080p', media({}, audio)).mode).toBe('encode');
    }
  });

  it.each<[number | null, PresetOverrides, string]>([
    [6, {}, '-ac 2'],
    [1, {}, ''],
    [null, {}, '-ac 2'],
    [6, { audio: { channels: null } }, ''],
  ])('of %s channels make no more than there are (%j)', (channels, overrides, expected) => {
    const text = command('web-1080p', media({}, { channels }), { overrides });
    expect(/-ac \d/.exec(text)?.[0] ?? '').toBe(expected);
  });

  it('give Opus surround sound in an order that it knows', () => {
    const overrides = { audio: { channels: null } };
    expect(command('audio-opus', media({}, { channels: 6 }), { overrides })).toContain(
      '-af aformat=channel_layouts=5.1|7.1|stereo -c:a libopus',
    );
  });
});

describe('the size of the picture', () => {
  it.each<[string, Partial<VideoStreamInfo>, number, number]>([
    ['is not enlarged', { width: 640, height: 360 }, 640, 360],
    ['is made even', { width: 641, height: 361, displayAspectRatio: null }, 640, 360],
    ['keeps its aspect', { width: 2560, height: 1080, displayAspectRatio: '64:27' }, 1280, 540],
    ['has square pixels', { width: 720, height: 576 }, 1024, 576],
    ['is upright', { width: 1920, height: 1080, rotation: 90 }, 720, 1280],
    ['fits a box that is turned with it', { width: 1080, height: 1920, displayAspectRatio: '9:16' }, 720, 1280],
    ['of a square fits the smaller side', { width: 2000, height: 2000, displayAspectRatio: '1:1' }, 720, 720],
    ['is never nothing', { width: 4000, height: 2, displayAspectRatio: null }, 1280, 2],
  ])('%s', (_, video, width, height) => {
    const { expect: expected, args } = plan('web-720p', media(video));
    expect(expected).toMatchObject({ width, height });
    const filter = `scale=${String(width)}:${String(height)},setsar=1`;
    const isSame = video.width === width && video.height === height;
    expect(args.join(' ').includes(filter)).toBe(!isSame);
  });

  it('heeds a box that is upright itself as it is', () => {
    const overrides = { video: { maxWidth: 320 } };
    expect(plan('web-480p', media(), { overrides }).expect).toMatchObject({ width: 320, height: 180 });
    expect(plan('web-480p', media({ rotation: 270 }), { overrides }).expect).toMatchObject({ width: 270, height: 480 });
  });

  it('heeds one side alone as it is', () => {
    const overrides = { video: { maxWidth: 320, maxHeight: null } };
    expect(plan('web-720p', media({ rotation: 90 }), { overrides }).expect).toMatchObject({ width: 320, height: 568 });
  });

  it('refuses what AV1 cannot take', () => {
    expect(refusal(() => plan('av1-1080p', media({ width: 100, height: 48, displayAspectRatio: null }))).message).toBe(
      'AV1 takes pictures of 64x64 and more',
    );
  });
});

describe('frames', () => {
  it.each<[string, Partial<VideoStreamInfo>, number | undefined, string, string]>([
    ['that come evenly stay', { fps: 29.97 }, 30, '', '-g 60'],
    ['of 59.94 are halved', { fps: 59.94 }, 30, 'fps=30000/1001', '-g 60'],
    ['of 50 are halved', { fps: 50 }, 30, 'fps=25', '-g 50'],
    ['of 31 are brought to 30', { fps: 31 }, 30, 'fps=30', '-g 60'],
    ['of 23.976 are not touched', { fps: 23.976 }, 24, '', '-g 48'],
    ['at uneven times come evenly', { fps: 22.4, peakFps: 30 }, undefined, 'fps=30', '-g 60'],
    ['at uneven times obey the limit', { fps: 22.4, peakFps: 60 }, 30, 'fps=30', '-g 60'],
    ['at arbitrary times get a usual rate', { fps: 26.1, peakFps: 1000 }, undefined, 'fps=30', '-g 60'],
    ['of an unknown rate get keyframes by time', { fps: null }, 30, '', '-force_key_frames expr:gte(t,n_forced*2)'],
  ])('%s', (_, video, maxFps, filter, keyframes) => {
    const given = { overrides: { video: { maxFps: maxFps ?? null } } };
    expect(filtersOf('web-720p', media(video), given)).toBe(filter);
    expect(command('web-720p', media(video), given)).toContain(keyframes);
  });

  it('say why they are changed', () => {
    expect(plan('web-720p', media({ fps: 22.4, peakFps: 30 })).notes).toEqual([
      'its frames come at uneven times: 30 fps',
    ]);
  });
});

describe('an input that is', () => {
  it('without sound has an output without', () => {
    const silent = plan('web-720p', media({}, null));
    expect(silent.args.join(' ')).toBe(
      `${HEAD} -map 0:V:0 -an -sn -dn -map_metadata 0 -c:v libx264 -preset medium -crf 23 -maxrate 2800k ` +
        `-bufsize 5600k -pix_fmt yuv420p -g 50 -movflags +faststart -max_muxing_queue_size 1024 -f mp4 ${END}`,
    );
    expect(silent).toMatchObject({ expect: { audioCodec: null }, needs: { encoders: ['libx264'] } });
    expect(silent.notes).toEqual(['it has no sound, and neither has the output']);
  });

  it('without sound has none to extract', () => {
    const error = refusal(() => plan('audio-aac', media({}, null)));
    expect([error.code, error.message]).toEqual([
      'INPUT_UNREADABLE',
      'the input has no sound, and nothing else is asked for',
    ]);
  });

  it('sound only gives sound only', () => {
    expect(plan('audio-opus', media(null)).expect).toEqual({
      kind: 'sound',
      container: 'ogg',
      audioCodec: 'opus',
      durationSeconds: 10,
    });
    expect(refusal(() => plan('web-720p', media(null))).message).toContain('there is no picture to encode');
  });

  it('interlaced is deinterlaced first', () => {
    const source = media({ width: 720, height: 576, interlaced: true });
    expect(filtersOf('web-720p', source)).toBe('bwdif=mode=send_frame,scale=1024:576,setsar=1');
    expect(plan('web-720p', source)).toMatchObject({ needs: { filters: ['bwdif', 'scale', 'setsar'] } });
  });

  it('HDR is tone-mapped, after it is scaled, and says that it is SDR', () => {
    const source = media({ width: 3840, height: 2160, pixelFormat: 'yuv420p10le', colorTransfer: 'smpte2084' });
    expect(filtersOf('web-1080p', source)).toBe(
      'scale=1920:1080,setsar=1,zscale=tin=smpte2084:min=bt2020nc:pin=bt2020:rin=limited:t=linear:npl=100,' +
        'format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited,format=yuv420p',
    );
    expect(command('web-1080p', source)).toContain('-color_primaries bt709 -color_trc bt709 -colorspace bt709');
    expect(plan('web-1080p', source).needs.filters).toEqual(['scale', 'setsar', 'zscale', 'format', 'tonemap']);
    expect(plan('web-1080p', source).notes).toContain('it is HDR (smpte2084): tone-mapped to SDR (BT.709)');
  });
});

describe('a part of the input', () => {
  it('is sought and cut', () => {
    const part = plan('web-720p', media(), { start: 1.5, end: 4 });
    expect(part.args.join(' ')).toContain(`-xerror -ss 1.5 ${guards} -t 2.5 ${BOTH}`);
    expect(part.expect).toMatchObject({ durationSeconds: 2.5 });
  });

  it.each([
    [{ start: 8 }, 2, ''],
    [{ end: 60 }, 10, ''],
    [{ start: 8, end: 60 }, 2, ''],
    [{ start: 9, overrides: { maxSeconds: 3 } }, 1, ''],
    [{ start: 2, overrides: { maxSeconds: 3 } }, 3, '-t 3'],
  ])('of %j lasts %s s', (given, seconds, cut) => {
    const { expect: expected, args } = plan('web-720p', media(), given);
    expect(expected).toMatchObject({ durationSeconds: seconds });
    expect(/-t \S+/.exec(args.join(' '))?.[0] ?? '').toBe(cut);
  });

  it('must begin before the end', () => {
    expect(refusal(() => plan('web-720p', media(), { start: 10 })).message).toBe(
      'start is at 10 s, and the input ends at 10 s',
    );
  });

  it('lasts as long as the stream that is kept', () => {
    const source = media({ durationSeconds: 4 }, { durationSeconds: 10 });
    expect(plan('preview-240p', source).expect).toMatchObject({ durationSeconds: 4 });
    expect(plan('audio-aac', source).expect).toMatchObject({ durationSeconds: 10 });
  });

  it('is not planned where nothing says how long the input is', () => {
    const { expect: expected, args } = plan('web-720p', { ...media(), durationSeconds: null }, { end: 5 });
    expect(expected).toMatchObject({ durationSeconds: null });
    expect(args.join(' ')).toContain('-t 5');
  });
});

describe('the command of a transcode on a GPU', () => {
  const hardware: HardwareEncoders = {
    names: ['h264_nvenc', 'hevc_vaapi'],
    renderNode: '/dev/dri/renderD128',
    devices: ['/dev/nvidia0', '/dev/dri/renderD128'],
  };

  it('has the encoder that works, with what the preset asks for', () => {
    const overrides: PresetOverrides = { video: { crf: 21, maxrateKbps: 4000, gopSeconds: 2 } };
    const planned = plan('web-720p', media(), { hardware, threads: 4, overrides });
    expect(planned.args.join(' ')).toBe(
      `${HEAD} ${BOTH} -c:v h264_nvenc -preset p4 -tune hq -rc vbr -cq 21 -b:v 0 -maxrate 4000k -bufsize 5600k ` +
        '-rc-lookahead 20 -pix_fmt yuv420p -g 50 -c:a aac -b:a 128k -ar 48000 -movflags +faststart ' +
        `-max_muxing_queue_size 1024 -f mp4 ${END}`,
    );
    expect(planned.encoder).toBe('h264_nvenc');
    expect(planned.devices).toEqual(hardware.devices);
    expect(planned.needs.encoders).toEqual(['h264_nvenc', 'aac']);
  });

  it('opens the device first, and hands it the pictures after all other filters', () => {
    const settings: PresetSettings = {
      ...settingsOf('web-720p'),
      video: { codec: 'hevc', crf: 24, maxHeight: 480 },
    };
    const planned = planTranscode({ settings, start: 2 }, media(), files, undefined, hardware);
    expect(planned.args.join(' ')).toBe(
      `-xerror -vaapi_device /dev/dri/renderD128 -ss 2 ${guards} ${BOTH} ` +
        '-vf scale=854:480,setsar=1,format=nv12,hwupload -c:v hevc_vaapi -rc_mode CQP -global_quality 24 ' +
        `-tag:v hvc1 -c:a aac -b:a 128k -ar 48000 -movflags +faststart -max_muxing_queue_size 1024 -f mp4 ${END}`,
    );
  });

  it('is for the CPU where no encoder works, and for what none takes', () => {
    expect(command('vp9-1080p', media(), { hardware })).toBe(command('vp9-1080p', media()));
    expect(plan('audio-mp3', media(), { hardware })).toMatchObject({ encoder: null, devices: [] });
    const small = media({ width: 120, height: 90, displayAspectRatio: '4:3' });
    expect(plan('web-720p', small, { hardware })).toMatchObject({ encoder: 'libx264', devices: [] });
  });
});
