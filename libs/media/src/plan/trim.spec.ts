import { describe, expect, it } from 'vitest';
import { guardedInput } from '../input.js';
import type { MediaInfo, VideoStreamInfo } from '../media-info.js';
import type { PictureHeader } from '../pictures.js';
import type { SmartCut } from './trim-cuts.js';
import {
  defaultExtension,
  joinMisfit,
  joinScript,
  planCopy,
  planEncode,
  planJoin,
  planPieces,
  trimContainer,
  trimRange,
} from './trim.js';

const files = { input: '/media/in.mp4', output: '/media/clips/.in.7.partial.mp4', container: 'mp4' };
const guards = guardedInput(files.input).join(' ');
const out = '-movflags +faststart -max_muxing_queue_size 1024 -f mp4 file:/media/clips/.in.7.partial.mp4';

const video: VideoStreamInfo = {
  codec: 'h264',
  profile: 'Main',
  pixelFormat: 'yuv420p',
  width: 1280,
  height: 720,
  displayAspectRatio: null,
  fps: 25,
  rotation: 0,
  bitrateKbps: null,
};
const audio = { codec: 'aac', channels: 2, sampleRate: 48_000, bitrateKbps: null };
const media: MediaInfo = { container: 'mov,mp4', durationSeconds: 20, sizeBytes: 1, bitrateKbps: 1, video, audio };
const withVideo = (other: Partial<VideoStreamInfo>): MediaInfo => ({ ...media, video: { ...video, ...other } });
const header: PictureHeader = { startSeconds: 0, fieldOrder: 'progressive', reorderedFrames: 2, extradata: '' };
const span = (from: number, to: number, frames: number, key = from) => ({ from, to, frames, key });
const cut: SmartCut = { head: span(3.2, 4, 20, 2), middle: span(4, 10, 150), tail: span(10, 11.6, 40) };

describe('the range', () => {
  const range = (start: number, end: number): unknown => trimRange({ start, end }, media);

  it('is cut to the film, whose end is rounded when it is shown', () => {
    expect(range(5, 20.04)).toEqual({ start: 5, end: 20 });
  });

  it('is refused beyond the film', () => {
    expect(() => range(20, 21)).toThrow('start (20 s) is beyond the film, which lasts 20.000 s');
    expect(() => range(5, 20.1)).toThrow('end (20.1 s) is beyond the film, which lasts 20.000 s');
  });
});

describe('what can be joined', () => {
  it('H.264 as most encoders write it', () => {
    expect(joinMisfit(media, header)).toBeNull();
    expect(joinMisfit(media, { ...header, fieldOrder: null })).toBeNull();
  });

  it.each([
    ['only H.264 can be joined, and its picture is hevc', withVideo({ codec: 'hevc' }), header],
    ['its H.264 profile is High 10', withVideo({ profile: 'High 10' }), header],
    ['its pixel format is yuvj420p', withVideo({ pixelFormat: 'yuvj420p' }), header],
    ['its picture is turned by 90 degrees', withVideo({ rotation: 90 }), header],
    ['it is interlaced', media, { ...header, fieldOrder: 'tt' }],
  ])('not when %s', (reason, film, its) => {
    expect(joinMisfit(film, its)).toBe(reason);
  });
});

describe('the container', () => {
  it('is an MP4 where it can hold the film, else Matroska', () => {
    const vorbis = { ...media, audio: { ...audio, codec: 'vorbis' } };
    expect([media, vorbis, withVideo({ codec: 'vp8' })].map((each) => defaultExtension(each, false))).toEqual([
      'mp4',
      'mkv',
      'mkv',
    ]);
    expect(defaultExtension(withVideo({ codec: 'vp8' }), true)).toBe('mp4');
    expect(trimContainer('mkv')).toBe('matroska');
    expect(() => trimContainer('avi')).toThrow("the output's name must end with one of .mp4, .m4v, .mov, .mkv");
  });
});

describe('the commands', () => {
  it('of a plain copy count its pictures', () => {
    const { args, expect: expected } = planCopy(media, span(4, 9.6, 140), 0.04, files);
    expect(args.join(' ')).toBe(
      `-ss 3.980000 ${guards} -map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0 -c:v copy -c:a copy -copypriorss 0 ` +
        `-frames:v 140 -t 5.620000 -avoid_negative_ts make_zero ${out}`,
    );
    expect(expected).toMatchObject({ container: 'mp4', videoCodec: 'h264', audioCodec: 'aac', width: 1280 });
    expect(expected.durationSeconds).toBeCloseTo(5.6);
  });

  it('of a plain copy refuse what an MP4 cannot hold', () => {
    expect(() => planCopy(withVideo({ codec: 'vp8' }), span(0, 1, 25), 0.04, files)).toThrow(
      'vp8 and aac cannot be copied into an MP4: let the name end with .mkv',
    );
  });

  it.each([
    ['of no known kind', { codec: 'unknown', channels: null, sampleRate: null }],
    ['of no known rate', { sampleRate: null }],
  ])('of a copy blame the input for a sound %s, whatever the container', (_, other) => {
    const damaged = { ...media, audio: { ...audio, ...other } };
    for (const container of ['mp4', 'matroska']) {
      const places = { ...files, container };
      const refusal = expect.objectContaining({ code: 'INPUT_UNREADABLE' }) as Error;
      expect(() => planCopy(damaged, span(0, 1, 25), 0.04, places)).toThrow(refusal);
      if (container === 'matroska') expect(() => planJoin(damaged, cut, '/x', places)).toThrow(refusal);
    }
  });

  it('of an encode enter the film early and drop what comes before', () => {
    const { args, expect: expected } = planEncode(
      withVideo({ codec: 'hevc', width: 641, height: 361, rotation: 90 }),
      { start: 3.1, end: 5, key: 2 },
      files,
      2,
    );
    expect(args.join(' ')).toBe(
      `-ss 1.500000 ${guards} -map 0:V:0 -map 0:a:0? -sn -dn -map_metadata 0 -ss 1.600000 -t 1.900000 ` +
        '-vf scale=360:640 -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -preset fast -crf 18 ' +
        `-pix_fmt yuv420p -threads 2 -c:a aac -b:a 192k ${out}`,
    );
    expect(expected).toMatchObject({ width: 360, height: 640, videoCodec: 'h264', durationSeconds: 1.9 });
  });

  it('of the pieces encode the edges and copy the middle', () => {
    const pieces = planPieces(media, header, cut, 0.04, { input: files.input, folder: '/work' });
    const encode =
      '-fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 -profile:v main -preset fast -crf 18 ' +
      '-pix_fmt yuv420p -bf 0 -x264-params sps-id=31';
    const sink = (name: string): string => `-muxdelay 0 -muxpreload 0 -f mpegts file:/work/${name}.ts`;
    expect(pieces.map(({ args }) => args.join(' '))).toEqual([
      `-ss 1.500000 ${guards} -map 0:V:0 -an -sn -dn -frames:v 20 -ss 1.680000 ${encode} -bsf:v setts=dts=DTS-14400 ${sink('head')}`,
      `-ss 3.980000 ${guards} -map 0:V:0 -an -sn -dn -frames:v 150 -copypriorss 0 -c:v copy ${sink('middle')}`,
      `-ss 9.500000 ${guards} -map 0:V:0 -an -sn -dn -frames:v 40 -ss 0.480000 ${encode} ${sink('tail')}`,
    ]);
  });

  it('of the pieces leave out edges that there are not', () => {
    const only = { ...cut, head: null, tail: null };
    const pieces = planPieces(media, header, only, 0.04, { input: files.input, folder: '/work' });
    expect(pieces.map(({ phase }) => phase)).toEqual(['middle']);
  });

  it('of the join put the sound of the range beside the pieces', () => {
    const { args, expect: expected } = planJoin(media, cut, '/work/pieces.ffconcat', files);
    expect(args.join(' ')).toBe(
      `${guardedInput('/work/pieces.ffconcat', 'concat,mpegts').join(' ')} -ss 3.200000 -t 8.400000 ${guards} ` +
        `-map 0:v:0 -map 1:a:0? -map_metadata 1 -c:v copy -c:a copy -copypriorss:a 0 ${out}`,
    );
    expect(expected).toMatchObject({ videoCodec: 'h264', audioCodec: 'aac' });
  });

  it('of the join encode a sound that an MP4 cannot hold', () => {
    const vorbis = { ...media, audio: { ...audio, codec: 'vorbis' } };
    expect(planJoin(vorbis, cut, '/x', files).args.join(' ')).toContain('-c:v copy -c:a aac -b:a 192k -movflags');
    const inMatroska = planJoin(vorbis, cut, '/x', { ...files, container: 'matroska' });
    expect(inMatroska.expect.audioCodec).toBe('vorbis');
  });

  it('the script names both parameter sets once, and how long each piece is', () => {
    const pieces = [
      { file: 'head.ts', seconds: 0.8 },
      { file: 'middle.ts', seconds: 6 },
      { file: 'tail.ts', seconds: 1.6 },
    ];
    expect(joinScript(pieces, ['0a', '0b', '0a'])).toBe(
      'ffconcat version 1.0\nstream\nexact_stream_id 0x100\nstream_codec h264\nstream_extradata 0a0b\n' +
        'file head.ts\nduration 0.800000\nfile middle.ts\nduration 6.000000\nfile tail.ts\nduration 1.600000\n',
    );
  });
});
