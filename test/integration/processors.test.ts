import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMedia, readTrack, type Media } from '@reelay/media';
import { runProcessor } from '@reelay/worker-sdk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClipGenerateProcessor } from '../../apps/worker-analyze/dist/clip-generate/clip-generate.processor.js';
import { DigestGenerateProcessor } from '../../apps/worker-analyze/dist/digest-generate/digest-generate.processor.js';
import { SceneExtractProcessor } from '../../apps/worker-analyze/dist/scene-extract/scene-extract.processor.js';
import { CompileMegaProcessor } from '../../apps/worker-compile/dist/compile-mega/compile-mega.processor.js';
import { EncodeRenditionProcessor } from '../../apps/worker-encode/dist/encode-rendition/encode-rendition.processor.js';
import { decodeEnds } from '../../apps/worker-encode/dist/encode-rendition/verify-tracks.js';
import { ReencodeStreamingProcessor } from '../../apps/worker-encode/dist/reencode-streaming/reencode-streaming.processor.js';
import { eventually } from '../support/eventually.js';
import { makeLongVideo } from '../support/media.js';
import { mediaSettings } from '../support/media-settings.js';
import { encodersOf } from '../support/process-tree.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-processors-'));
  await mkdir(join(folder, 'inbox'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function openLibrary(): Promise<Media> {
  return openMedia(await mediaSettings(folder), ['libx264']);
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

it('a segment at an end of a rendition that is damaged is found, and named', async () => {
  const media = await openMedia(await mediaSettings(folder), ['libx264', 'aac']);
  const inputPath = await makeLongVideo(folder, 'rungs.mp4', 3);
  const rung = { width: 160, height: 90, level: '1.1', videoBitrateKbps: 100, maxrateKbps: 125, bufsizeKbps: 250 };
  const run = await runProcessor(new EncodeRenditionProcessor(media.ffmpeg, media.library, {}), {
    ...{ inputPath, frameRate: '30', gopFrames: 30, speed: 'ultrafast' },
    renditions: ['one', 'two'].map((name) => ({ name, ...rung })),
    audio: { bitrateKbps: 64, channels: 1, sampleRate: 48_000 },
  });
  expect(run.outcome).toMatchObject({ kind: 'completed' });
  const renditions = join(folder, 'work/rungs.renditions');
  const tracks = await Promise.all(
    ['one', 'two', 'audio'].map(async (name) => {
      const of = join(renditions, name);
      return { folder: of, track: await readTrack(of) };
    }),
  );
  const decode = (): Promise<void> =>
    decodeEnds(media.ffmpeg, tracks, folder, { signal: new AbortController().signal, pause: undefined });
  await decode();
  const last = join(renditions, 'two/00003.m4s');
  const spoilt = await readFile(last);
  await writeFile(last, spoilt.fill(0xff, spoilt.indexOf('mdat') + 12));
  await expect(decode()).rejects.toMatchObject({
    code: 'OUTPUT_INVALID',
    message: expect.stringContaining('two/00003.m4s does not decode') as unknown,
  });
  expect((await readdir(folder)).filter((name) => name.startsWith('end-'))).toEqual([]);
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

/** What an order says of its job: two runs of one job are two attempts. */
const attemptOf = (type: string, attempt: number) => ({
  job: '770e8400-e29b-41d4-a716-446655440002',
  attempt,
  type,
});

it('progress of a digest never falls, from the analysis to the check, and no file but the digest stays', async () => {
  const media = await openLibrary();
  const inputPath = await makeLongVideo(folder, 'digested.mp4', 8);
  const processor = new DigestGenerateProcessor(media.ffmpeg, media.library, {});
  const run = await runProcessor(processor, { inputPath, targetLength: 3 });
  expect(run.outcome).toMatchObject({ kind: 'completed' });
  const percents = run.progress.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
  const phases = [...new Set(run.progress.map(({ phase }) => phase))];
  expect(phases).toEqual(['analyse', 'piece 1', 'join', 'verify']);
  const made = (await readdir(join(folder, 'compilations'))).filter((name) => name.includes('digested'));
  expect(made).toEqual(['digested-digest.mp4']);
});

it('clips that were made before an attempt broke off are kept by the next one, which makes the others', async () => {
  const media = await openLibrary();
  const inputPath = await makeLongVideo(folder, 'clipped.mp4', 6);
  const processor = new ClipGenerateProcessor(media.ffmpeg, media.library, {});
  const ranges = [0, 2, 4].map((start) => ({ start, end: start + 1 }));
  const parameters = { inputPath, ranges, accurate: true };
  const controller = new AbortController();
  const broken = await runProcessor(processor, parameters, {
    signal: controller.signal,
    reelay: attemptOf('clip_generate', 1),
    onProgress: ({ percent }) => {
      if (percent > 40) controller.abort();
    },
  });
  expect(broken.outcome).toEqual({ kind: 'stopped', reason: 'cancelled' });
  const clips = async (): Promise<string[]> =>
    (await readdir(join(folder, 'clips'))).filter((name) => name.includes('clipped-clip')).sort();
  expect(await clips()).toEqual(['clipped-clip-1.mp4']);
  const first = await stat(join(folder, 'clips/clipped-clip-1.mp4'));
  const run = await runProcessor(processor, parameters, { reelay: attemptOf('clip_generate', 2) });
  const names = [1, 2, 3].map((number) => `clipped-clip-${String(number)}.mp4`);
  expect(run.outcome).toMatchObject({ kind: 'completed', destinationPaths: names.map((name) => `clips/${name}`) });
  expect(await clips()).toEqual(names);
  expect((await stat(join(folder, 'clips/clipped-clip-1.mp4'))).ino).toBe(first.ino);
  expect((await readdir(join(folder, 'clips'))).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('pictures of scenes are there whole or not at all, and are not taken twice', async () => {
  const media = await openLibrary();
  const inputPath = await makeLongVideo(folder, 'scenes.mp4', 4);
  const processor = new SceneExtractProcessor(media.ffmpeg, media.library, {});
  const parameters = { inputPath, clips: true, accurate: true };
  const stoppedIn = async (phase: string, attempt: number): Promise<void> => {
    const controller = new AbortController();
    const run = await runProcessor(processor, parameters, {
      signal: controller.signal,
      reelay: attemptOf('scene_extract', attempt),
      onProgress: (update) => {
        if (update.phase === phase) controller.abort();
      },
    });
    expect(run.outcome).toEqual({ kind: 'stopped', reason: 'cancelled' });
  };
  await stoppedIn('pictures', 1);
  expect(await readdir(join(folder, 'thumbnails'))).toEqual([]);
  await stoppedIn('verify', 2);
  const visible = (await readdir(join(folder, 'thumbnails'))).filter((name) => !name.startsWith('.'));
  expect(visible).toEqual(['scenes.scenes']);
  const run = await runProcessor(processor, parameters, { reelay: attemptOf('scene_extract', 3) });
  expect(run.outcome).toMatchObject({
    kind: 'completed',
    destinationPaths: [
      'thumbnails/scenes.scenes/scenes.vtt',
      'thumbnails/scenes.scenes/scene-1.jpg',
      'clips/scenes-scene-1.mp4',
    ],
  });
  expect(run.log).toContain('an earlier attempt of this job had taken the pictures already');
  const percents = run.progress.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(await readdir(join(folder, 'thumbnails'))).toEqual(['scenes.scenes']);
  expect(await readdir(join(folder, 'thumbnails/scenes.scenes'))).toEqual(['scene-1.jpg', 'scenes.vtt']);
});
