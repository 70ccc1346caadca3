import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMedia, type Media } from '@reelay/media';
import { runProcessor } from '@reelay/worker-sdk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompileMegaProcessor } from '../../apps/worker-compile/dist/compile-mega/compile-mega.processor.js';
import { ReencodeStreamingProcessor } from '../../apps/worker-encode/dist/reencode-streaming/reencode-streaming.processor.js';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';
import { eventually } from '../support/eventually.js';
import { makeLongVideo } from '../support/media.js';
import { encodersOf } from '../support/process-tree.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-processors-'));
  await mkdir(join(folder, 'inbox'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function openLibrary(): Promise<Media> {
  const { ffmpeg, ffprobe } = await resolveFfmpeg();
  return openMedia({ MEDIA_ROOT: folder, FFMPEG_PATH: ffmpeg, FFPROBE_PATH: ffprobe }, ['libx264']);
}

it('an encode of a film that breaks off is not completed, though ffmpeg sees no fault', async () => {
  const media = await openLibrary();
  const whole = await makeLongVideo(folder, 'whole.mkv', 6);
  const film = await readFile(join(folder, whole));
  await writeFile(join(folder, 'inbox/broken-off.mkv'), film.subarray(0, film.length / 2));
  const processor = new ReencodeStreamingProcessor(media.ffmpeg, media.library, {});
  const run = await runProcessor(processor, { inputPath: 'inbox/broken-off.mkv', force: true });
  expect(run.outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining('it lasts') as unknown });
  expect(await readdir(join(folder, 'playback'))).toEqual([]);
});

it('an encode that is stopped takes its ffmpeg and its files with it', async () => {
  const media = await openLibrary();
  const inputPath = await makeLongVideo(folder, 'long.mp4', 30);
  const controller = new AbortController();
  const processor = new ReencodeStreamingProcessor(media.ffmpeg, media.library, {});
  const run = await runProcessor(
    processor,
    { inputPath, preset: 'slow', force: true },
    {
      signal: controller.signal,
      onProgress: ({ percent }) => {
        if (percent > 2) controller.abort();
      },
    },
  );
  expect(run.outcome).toEqual({ kind: 'stopped', reason: 'cancelled' });
  expect(run.log.join('\n')).toContain('-c:v libx264');
  await eventually('no ffmpeg is left', async () => (await encodersOf(folder)).length === 0, 3_000);
  expect(await readdir(join(folder, 'playback'))).toEqual([]);
});

it('progress over all passes of a compilation never falls, and no file but the output stays', async () => {
  const media = await openLibrary();
  const inputPaths = [await makeLongVideo(folder, 'first.mp4', 3), await makeLongVideo(folder, 'second.mp4', 2)];
  const processor = new CompileMegaProcessor(media.ffmpeg, media.library, { font: '' });
  const parameters = { inputPaths, width: 320, height: 180, fps: 30, crossfadeSeconds: 0.5 };
  const run = await runProcessor(processor, parameters);
  expect(run.outcome).toMatchObject({ kind: 'completed' });
  const percents = run.progress.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
  const phases = [...new Set(run.progress.map(({ phase }) => phase))];
  expect(phases).toEqual(['loudness', 'piece 1', 'piece 2', 'piece 3', 'join', 'verify']);
  expect(await readdir(join(folder, 'compilations'))).toEqual(['mega.mp4']);
});
