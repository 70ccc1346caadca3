import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { transcode } from '@reelay/contracts';
import { Ffmpeg, openMedia, type Media } from '@reelay/media';
import { runProcessor, type ProcessorRun } from '@reelay/worker-sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { TranscodeProcessor } from '../../apps/worker-encode/dist/transcode/transcode.processor.js';
import { makeVideo, probeFile, turnVideo } from '../support/media.js';
import { mediaSettings } from '../support/media-settings.js';

let folder: string;
let media: Media;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-transcode-'));
  await mkdir(join(folder, 'inbox'));
  media = await openMedia(await mediaSettings(folder), []);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Parameters = z.input<(typeof transcode)['parameters']>;

const run = (parameters: Parameters, ffmpeg = media.ffmpeg): Promise<ProcessorRun> =>
  runProcessor(new TranscodeProcessor(ffmpeg, media.library, {}), parameters);

/** The picture and the sound of what a transcode made. */
async function made(parameters: Parameters) {
  const { outcome, log } = await run(parameters);
  if (outcome.kind !== 'completed') throw new Error(JSON.stringify(outcome));
  const { streams, format } = await probeFile(join(folder, String(outcome.destinationPaths[0])));
  const video = streams.find(({ codec_type }) => codec_type === 'video');
  return { video, audio: streams.find(({ codec_type }) => codec_type === 'audio'), format, log: log.join('\n') };
}

const pattern = (size: string, rate = 25): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=${String(rate)}:duration=1.2`,
];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const TONE = ['-f', 'lavfi', '-i', 'sine=duration=1.2'];

describe('an input that needs care', () => {
  it('is put upright when it is turned', async () => {
    const flat = await makeVideo(folder, 'flat.mp4', [...pattern('640x360'), ...H264]);
    const turned = await turnVideo(folder, 'turned.mp4', flat);
    const { video, log } = await made({ inputPath: turned, preset: 'preview-240p' });
    expect(video).toMatchObject({ width: 240, height: 426 });
    expect(video).not.toHaveProperty('side_data_list');
    expect(log).toContain('put upright');
  });

  it('gets even sides and square pixels', async () => {
    const odd = await makeVideo(folder, 'odd.mkv', [
      ...[...pattern('321x241'), '-vf', 'setsar=4/3', '-c:v', 'ffv1', '-pix_fmt', 'yuv444p'],
    ]);
    const { video } = await made({ inputPath: odd, preset: 'web-480p' });
    expect(video).toMatchObject({ width: 426, height: 240, sample_aspect_ratio: '1:1', pix_fmt: 'yuv420p' });
  });

  it('is deinterlaced', async () => {
    const interlaced = await makeVideo(folder, 'interlaced.mkv', [
      ...[...pattern('720x576', 50), '-vf', 'tinterlace=interleave_top,setfield=tff'],
      ...['-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-b:v', '4M'],
    ]);
    const { video, log } = await made({ inputPath: interlaced, preset: 'web-480p' });
    expect(log).toContain('it is interlaced: deinterlaced');
    expect(video).toMatchObject({ field_order: 'progressive', avg_frame_rate: '25/1' });
  });

  it('is tone-mapped when it is HDR', async () => {
    const hdr = await makeVideo(folder, 'hdr.mp4', [
      ...[...pattern('320x180'), '-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le'],
      ...['-x265-params', 'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'],
    ]);
    const { video, log } = await made({ inputPath: hdr, preset: 'web-720p' });
    expect(log).toContain('it is HDR (smpte2084): tone-mapped to SDR (BT.709)');
    expect(video).toMatchObject({ color_transfer: 'bt709', color_primaries: 'bt709', pix_fmt: 'yuv420p' });
  });

  it('gets frames that come evenly', async () => {
    const uneven = await makeVideo(folder, 'uneven.mp4', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=2'],
      ...['-vf', "select='lt(n,20)+not(mod(n,5))'", '-fps_mode', 'vfr', ...H264],
    ]);
    const { video, log } = await made({ inputPath: uneven, preset: 'web-720p' });
    expect(log).toContain('its frames come at uneven times: 30 fps');
    expect(video).toMatchObject({ avg_frame_rate: '30/1', r_frame_rate: '30/1' });
  });

  it('keeps surround sound in Opus when that is asked for', async () => {
    const surround = await makeVideo(folder, 'surround.mka', [
      ...['-f', 'lavfi', '-i', 'sine=duration=1', '-ac', '6', '-channel_layout', '5.1', '-c:a', 'flac'],
    ]);
    const overrides = { audio: { channels: null, bitrateKbps: 256 } };
    const { audio } = await made({ inputPath: surround, preset: 'audio-opus', overrides });
    expect(audio).toMatchObject({ codec_name: 'opus', channels: 6 });
  });

  it('is brought to a loudness', async () => {
    const quiet = await makeVideo(folder, 'quiet.wav', [...TONE, '-af', 'volume=-20dB']);
    const overrides = { audio: { loudness: { integratedLufs: -16 } } };
    const { audio } = await made({ inputPath: quiet, preset: 'audio-mp3', overrides });
    expect(audio).toMatchObject({ codec_name: 'mp3', sample_rate: '48000' });
  });

  it('is copied where all can stay as it is', async () => {
    const film = await makeVideo(folder, 'film.mp4', [...pattern('320x180'), ...TONE, ...H264, '-c:a', 'aac']);
    const { outcome } = await run({ inputPath: film, preset: 'audio-aac', overrides: { audio: { codec: 'copy' } } });
    expect(outcome).toMatchObject({ kind: 'completed', result: { mode: 'remux', media: { video: null }, videos: [] } });
  });

  it('with the smallest of pictures is encoded all the same', async () => {
    const tiny = await makeVideo(folder, 'tiny.mkv', [...pattern('16x16'), '-c:v', 'ffv1']);
    for (const preset of ['web-480p', 'vp9-1080p']) {
      expect((await made({ inputPath: tiny, preset })).video).toMatchObject({ width: 16, height: 16 });
    }
    expect((await run({ inputPath: tiny, preset: 'av1-1080p' })).outcome).toMatchObject({
      kind: 'failed',
      code: 'INVALID_PARAMETERS',
    });
  });
});

describe('a transcode that cannot be', () => {
  it('says which encoder this worker lacks, and leaves nothing behind', async () => {
    const film = await makeVideo(folder, 'silent.mp4', [...pattern('320x180'), ...H264]);
    const { tools } = media.ffmpeg;
    const encoders = new Set([...tools.encoders].filter((name) => name !== 'libsvtav1'));
    const before = await readdir(folder, { recursive: true });
    const { outcome } = await run({ inputPath: film, preset: 'av1-1080p' }, new Ffmpeg({ ...tools, encoders }));
    expect(outcome).toMatchObject({
      kind: 'failed',
      code: 'FEATURE_MISSING',
      retryable: false,
      message: expect.stringContaining('lacks encoder libsvtav1') as unknown,
    });
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it.each<[string, Omit<Parameters, 'inputPath'>, string, string]>([
    ['sound of a silent film', { preset: 'audio-mp3' }, 'INPUT_UNREADABLE', 'has no sound'],
    ['a part after the end', { start: 60 }, 'INVALID_PARAMETERS', 'the input ends at'],
    ['a name of another kind', { outputPath: 'playback/a.avi' }, 'INVALID_PARAMETERS', '.mp4 or .m4v'],
    ['a preset that nobody knows', { preset: 'ours' }, 'INVALID_PARAMETERS', 'ours is not built in'],
  ])('%s', async (_, parameters, code, words) => {
    const inputPath = await makeVideo(folder, 'film-without-sound.mp4', [...pattern('320x180'), ...H264]);
    const { outcome } = await run({ inputPath, ...parameters });
    expect(outcome).toMatchObject({ kind: 'failed', code, message: expect.stringContaining(words) as unknown });
  });
});
