import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMedia, type Media } from '@reelay/media';
import { runProcessor } from '@reelay/worker-sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReencodeStreamingProcessor } from '../../apps/worker-encode/dist/reencode-streaming/reencode-streaming.processor.js';
import { TranscodeProcessor } from '../../apps/worker-encode/dist/transcode/transcode.processor.js';
import { resolveFfmpeg, shellQuote } from '../../tools/lib/ffmpeg.mjs';
import { makeLongVideo } from '../support/media.js';
import { mediaSettings } from '../support/media-settings.js';

let folder: string;
let inputPath: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-hardware-'));
  await mkdir(join(folder, 'inbox'));
  inputPath = await makeLongVideo(folder, 'film.mp4', 1);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = async (more: Record<string, string>): Promise<Media> =>
  openMedia(await mediaSettings(folder, more), ['libx264'], [], { hardware: true });

describe('a worker', () => {
  it('that finds no GPU, or may use none, encodes by the CPU, and the result says so', async () => {
    // A render node that is none stands for a machine without a GPU, and here is no other.
    const ways: Record<string, string>[] = [{ HARDWARE: 'off' }, { VAAPI_DEVICE: '/dev/dri/none' }];
    for (const settings of ways) {
      const { ffmpeg, library, hardware, features } = await open(settings);
      expect(hardware).toBeNull();
      expect(features.join()).not.toMatch(/nvenc|vaapi|qsv/);
      const run = await runProcessor(new ReencodeStreamingProcessor(ffmpeg, library, { hardware }), {
        inputPath,
        force: true,
      });
      expect(run.outcome).toMatchObject({ kind: 'completed', result: { encoder: 'libx264' } });
    }
  });

  it.each(['nvenc', 'vaapi', 'qsv'])('that is told to use %s does not start where that does not work', async (kind) => {
    await expect(open({ HARDWARE: kind, VAAPI_DEVICE: '/dev/dri/none' })).rejects.toMatchObject({
      code: 'FEATURE_MISSING',
      message: expect.stringMatching(
        new RegExp(`HARDWARE asks for ${kind}, which does not work here \\(.{10,}\\)`),
      ) as unknown,
    });
  });
});

describe('a GPU that worked when the worker started, and fails in a job', () => {
  let media: Media;

  beforeAll(async () => {
    const { ffmpeg } = await resolveFfmpeg();
    const script = join(folder, 'ffmpeg');
    // The trial ends well; every real encode fails as it does where there is no driver.
    const trial = 'case "$*" in *lavfi*_nvenc*) exit 0;; esac';
    await writeFile(script, `#!/bin/sh\n${trial}\nexec ${shellQuote(ffmpeg)} "$@"\n`, { mode: 0o755 });
    media = await open({ FFMPEG_PATH: script, HARDWARE: 'nvenc' });
  });

  it('is announced', () => {
    expect(media.features).toEqual(expect.arrayContaining(['h264_nvenc', 'hevc_nvenc']));
    expect(media.notes.join()).toContain('the GPU encodes by h264_nvenc');
  });

  const encodes = {
    reencode_streaming: ({ ffmpeg, library, hardware }: Media) =>
      runProcessor(new ReencodeStreamingProcessor(ffmpeg, library, { hardware }), { inputPath, force: true }),
    transcode: ({ ffmpeg, library, hardware }: Media) =>
      runProcessor(new TranscodeProcessor(ffmpeg, library, { hardware }), { inputPath, preset: 'web-720p' }),
  };

  it.each(Object.entries(encodes))('leaves a %s to the CPU in the same attempt', async (_, encode) => {
    const run = await encode(media);
    expect(run.outcome).toMatchObject({ kind: 'completed', result: { mode: 'encode', encoder: 'libx264' } });
    const log = run.log.join('\n');
    expect(log).toMatch(/-c:v h264_nvenc[^]*h264_nvenc failed, so the CPU encodes: [^]*-c:v libx264/);
  });
});
