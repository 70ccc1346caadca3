import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { VideoPage } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, colourAt, frameHashes, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-compile': 1, 'worker-library': 1 } });
  await colour('red.mp4', 'red', 3);
  await colour('green.mp4', 'lime', 2, '180x320');
  await colour('blue.mp4', 'blue', 4, '201x101', ['-pix_fmt', 'yuv444p']);
  await colour('white.mp4', 'white', 3);
  await makeVideo(reelay.mediaRoot, 'silent.mp4', [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=4', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
  ]);
});
afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

interface Compiled {
  readonly outputPath: string;
  readonly seed: number;
  readonly picks: readonly { path: string; startSeconds: number; lengthSeconds: number }[];
  readonly chapters: readonly { title: string; startSeconds: number; endSeconds: number }[];
  readonly width: number;
  readonly frames: number;
  readonly sizeBytes: number;
  readonly tries: number;
}

async function compile(type: string, params: Record<string, unknown>): Promise<Compiled> {
  const job = await reelay.api.until(await reelay.api.submit(type, params), 'completed', 110_000);
  const result = job.result as unknown as Compiled;
  expect(job.destinationPaths).toEqual([result.outputPath]);
  expect(job.log).toContain('ffmpeg ');
  return result;
}

const small = { width: 320, height: 180, fps: 25 };

/** A clip of one colour and one tone. */
const colour = (name: string, fill: string, seconds: number, size = '320x180', more: readonly string[] = []) =>
  makeVideo(reelay.mediaRoot, name, [
    ...['-f', 'lavfi', '-i', `color=${fill}:size=${size}:rate=25:duration=${String(seconds)}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${String(seconds)}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', ...more],
  ]);

/** Inputs as they come: portrait, odd-sized, turned, without sound, with an unsteady frame rate, and a real one. */
async function mixedInputs(): Promise<string[]> {
  const turned = await makeVideo(reelay.mediaRoot, 'turned.mp4', [
    ...['-i', inLibrary(await colour('upright.mp4', 'yellow', 3)), '-c', 'copy', '-metadata:s:v', 'rotate=90'],
  ]);
  const odd = await makeVideo(reelay.mediaRoot, 'odd.mkv', [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=161x243:rate=24:duration=4', '-f', 'lavfi', '-i', 'sine=duration=4'],
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv444p', '-c:a', 'libopus'],
  ]);
  const unsteady = await makeVideo(reelay.mediaRoot, 'unsteady.mkv', [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=30:duration=5', '-f', 'lavfi', '-i', 'sine=duration=5'],
    ...['-vf', "select='not(eq(mod(n,7),3))'", '-fps_mode', 'vfr', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
  ]);
  return [await addSample(reelay.mediaRoot), turned, 'inbox/silent.mp4', odd, unsteady];
}

/** What an MP4 of this service holds, and how long its picture and its sound last. */
async function expectFilm(path: string, size: { width: number; height: number }, seconds: number): Promise<void> {
  const { streams: all, format } = await probeFile(inLibrary(path));
  // Chapters are stored as a stream of text.
  const streams = all.filter(({ codec_type }) => codec_type !== 'data');
  expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
  expect(streams[0]).toMatchObject(size);
  expect(Math.abs(Number(format.duration) - seconds)).toBeLessThan(0.1);
  for (const { duration } of streams) expect(Math.abs(Number(duration) - seconds)).toBeLessThan(0.1);
}

describe('a random compilation', () => {
  it('joins clips of any make, and the same seed picks the same', async () => {
    const params = { inputPaths: await mixedInputs(), clipSeconds: 1.2, width: 320, height: 180, fps: 25, seed: 42 };
    const first = await compile('compile_random', params);
    expect(first.picks).toHaveLength(5);
    expect(new Set(first.picks.map(({ path }) => path))).toEqual(new Set(params.inputPaths));
    await expectFilm(first.outputPath, { width: 320, height: 180 }, 6);
    expect(await frameHashes(inLibrary(first.outputPath))).toHaveLength(150);

    const again = await compile('compile_random', params);
    expect(again.outputPath).not.toBe(first.outputPath);
    expect(again.picks).toEqual(first.picks);
    const other = await compile('compile_random', { ...params, seed: 43, count: 2 });
    expect(other.picks).toHaveLength(2);
    expect(other.picks).not.toEqual(first.picks.slice(0, 2));
  });

  it('refuses inputs of which none fits', async () => {
    const inputPaths = ['inbox/silent.mp4', 'inbox/unsteady.mkv'];
    const id = await reelay.api.submit('compile_random', { inputPaths, orientation: 'portrait' });
    const job = await reelay.api.until(id, 'failed');
    expect(job.error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
  });

  it('picks its inputs from the library by what they have to be', async () => {
    await mkdir(inLibrary('clips'), { recursive: true });
    for (const [name, size, seconds] of [
      ['tall-1', '180x320', 2],
      ['tall-2', '90x160', 3],
      ['tall-3', '90x160', 3],
      ['tall-long', '90x160', 9],
      ['wide', '320x180', 2],
    ] as const) {
      await colour(`../clips/${name}.mp4`, 'white', seconds, size);
    }
    const wishes = { directoryType: 'clips', orientation: 'portrait', maxDuration: 5, clipSeconds: 1, ...small };
    const refused = await reelay.api.call('POST', '/api/media/jobs', { type: 'compile_random', params: wishes });
    expect([refused.status, refused.body]).toMatchObject([422, { code: 'NO_MATCHING_VIDEOS' }]);
    await reelay.api.until(await reelay.api.submit('scan', { directoryType: 'clips' }), 'completed');
    const { picks } = await compile('compile_random', wishes);
    expect(picks.map(({ path }) => path).sort()).toEqual(['clips/tall-1.mp4', 'clips/tall-2.mp4', 'clips/tall-3.mp4']);
    const two = await compile('compile_random', { ...wishes, count: 2, seed: 7 });
    expect(two.picks).toHaveLength(2);
    expect((await compile('compile_random', { ...wishes, count: 2, seed: 7 })).picks).toEqual(two.picks);
  });

  it('picks them from a folder that an operator added, and videos were moved to', async () => {
    await reelay.api.call('PATCH', '/api/media/settings', { library: { directoryTypes: ['archive'] } });
    const empty = await reelay.api.until(await reelay.api.submit('scan', { directoryType: 'archive' }), 'failed');
    expect(empty.error).toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('archive') as string,
    });
    for (const [name, fill] of [
      ['old-1.mp4', 'gray'],
      ['old-2.mp4', 'navy'],
    ] as const) {
      const inputPath = await colour(name, fill, 2);
      const move = await reelay.api.submit('move_to_library', { inputPath, directoryType: 'archive' });
      expect((await reelay.api.until(move, 'completed')).destinationPaths).toEqual([`archive/${name}`]);
    }
    await colour('../archive/old-3.mp4', 'teal', 2);
    const scan = await reelay.api.until(await reelay.api.submit('scan', { directoryType: 'archive' }), 'completed');
    expect(scan.result).toMatchObject({ folder: 'archive', found: 3, missing: 0, skipped: 0 });
    const { data } = (await reelay.api.call<VideoPage>('GET', '/api/media/videos?directoryType=archive&sort=path'))
      .body;
    const paths = ['archive/old-1.mp4', 'archive/old-2.mp4', 'archive/old-3.mp4'];
    expect(data.map(({ path, directoryType, width }) => [path, directoryType, width])).toEqual(
      paths.map((path) => [path, 'archive', 320]),
    );
    const { picks, outputPath } = await compile('compile_random', {
      directoryType: 'archive',
      clipSeconds: 1,
      ...small,
    });
    expect(picks.map(({ path }) => path).sort()).toEqual(paths);
    await expectFilm(outputPath, { width: 320, height: 180 }, 3);
  });

  it('names the input that is missing', async () => {
    const id = await reelay.api.submit('compile_random', { inputPaths: ['inbox/silent.mp4', 'inbox/none.mp4'] });
    const job = await reelay.api.until(id, 'failed');
    expect(job.error).toMatchObject({ code: 'INPUT_NOT_FOUND' });
    expect(job.error?.message).toContain('inbox/none.mp4');
  });
});

describe('a quad compilation', () => {
  const cells = [
    [80, 45],
    [240, 45],
    [80, 135],
    [240, 135],
  ] as const;
  const coloursAt = (path: string, second: number): Promise<string[]> =>
    Promise.all(cells.map(([x, y]) => colourAt(inLibrary(path), second, x, y)));

  it('shows each input in its own cell, whatever its shape', async () => {
    const inputPaths = ['red', 'green', 'blue', 'white'].map((name) => `inbox/${name}.mp4`);
    const { outputPath } = await compile('compile_quad', { inputPaths, ...small });
    await expectFilm(outputPath, { width: 320, height: 180 }, 2);
    expect(await coloursAt(outputPath, 1)).toEqual(['red', 'green', 'blue', 'white']);
    // The portrait one has black on either side.
    expect(await colourAt(inLibrary(outputPath), 1, 170, 45)).toBe('black');

    const longest = await compile('compile_quad', { inputPaths, ...small, duration: 'longest', audio: 3 });
    await expectFilm(longest.outputPath, { width: 320, height: 180 }, 4);
    expect(await coloursAt(longest.outputPath, 3.5)).toEqual(['black', 'black', 'blue', 'black']);

    const mute = await compile('compile_quad', { inputPaths, ...small, audio: 'none' });
    const { streams } = await probeFile(inLibrary(mute.outputPath));
    expect(streams.map(({ codec_type }) => codec_type)).toEqual(['video']);
  });
});

describe('a mega compilation', () => {
  it('plays the inputs in order, with a chapter for each', async () => {
    const inputPaths = ['inbox/red.mp4', 'inbox/silent.mp4', 'inbox/blue.mp4'];
    const { outputPath, chapters } = await compile('compile_mega', { inputPaths, ...small });
    await expectFilm(outputPath, { width: 320, height: 180 }, 11);
    expect(chapters).toEqual([
      { title: 'red', startSeconds: 0, endSeconds: 3 },
      { title: 'silent', startSeconds: 3, endSeconds: 7 },
      { title: 'blue', startSeconds: 7, endSeconds: 11 },
    ]);
    const { chapters: written = [] } = await probeFile(inLibrary(outputPath));
    expect(
      written.map(({ tags, start_time, end_time }) => [tags?.title, Number(start_time), Number(end_time)]),
    ).toEqual(chapters.map(({ title, startSeconds, endSeconds }) => [title, startSeconds, endSeconds]));
    expect(await colourAt(inLibrary(outputPath), 2.8, 160, 90)).toBe('red');
    expect(await colourAt(inLibrary(outputPath), 7.2, 160, 90)).toBe('blue');
  });

  it('fades from one to the next, and draws titles with any text', async () => {
    const { outputPath, chapters } = await compile('compile_mega', {
      inputPaths: ['inbox/red.mp4', 'inbox/blue.mp4', 'inbox/silent.mp4'],
      ...small,
      crossfadeSeconds: 1,
      showTitles: true,
      titles: [`It's 100%: "a" [b]; \\c, d=e`, 'second', 'third'],
    });
    await expectFilm(outputPath, { width: 320, height: 180 }, 9);
    expect(chapters.map(({ startSeconds }) => startSeconds)).toEqual([0, 2, 5]);
    const file = inLibrary(outputPath);
    expect(await colourAt(file, 1.5, 160, 20)).toBe('red');
    expect(await colourAt(file, 2.5, 160, 20)).toBe('purple');
    expect(await colourAt(file, 3.5, 160, 20)).toBe('blue');
    // Behind the title, which is in a dark box low in the middle.
    expect(await colourAt(file, 0.5, 160, 157)).not.toBe('red');
  });

  it('shows a picture until there is another, in films that have few or end before their sound', async () => {
    const fill = (name: string, seconds: number): string[] => [
      ...['-f', 'lavfi', '-i', `color=${name}:size=320x180:rate=25:duration=${String(seconds)}`],
    ];
    const films = [...fill('red', 3), ...fill('blue', 2), '-f', 'lavfi', '-i', 'sine=duration=5'];
    const joined = (more = ''): string[] => [
      '-filter_complex',
      `[0:v][1:v]concat${more}[v]`,
      '-map',
      '[v]',
      '-map',
      '2',
    ];
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
    const inputPaths = [
      // Pictures at 0, 3 and 4.96 s; then a stream that can be entered at its start only; then half a second of pictures.
      await makeVideo(reelay.mediaRoot, 'slides.mp4', [
        ...[...films, ...joined(",select='eq(n,0)+eq(n,75)+eq(n,124)'"), '-fps_mode', 'vfr', ...h264],
      ]),
      await makeVideo(reelay.mediaRoot, 'stream.ts', [
        ...films,
        ...joined(),
        ...h264,
        '-g',
        '1000',
        '-sc_threshold',
        '0',
      ]),
      await makeVideo(reelay.mediaRoot, 'song.mp4', [
        ...fill('red', 0.48),
        '-f',
        'lavfi',
        '-i',
        'sine=duration=5',
        ...h264,
      ]),
      'inbox/blue.mp4',
    ];
    const { outputPath } = await compile('compile_mega', { inputPaths, ...small, crossfadeSeconds: 1 });
    // They begin after 0, 4, 8 and 12 seconds.
    await expectFilm(outputPath, { width: 320, height: 180 }, 16);
    const at = [1.5, 2.8, 3.2, 4.5, 5.2, 6.8, 7.2, 8.5, 9.2, 11.8, 12.5, 13.2];
    const seen = [];
    for (const seconds of at) seen.push(await colourAt(inLibrary(outputPath), seconds, 160, 90));
    expect(seen).toEqual([
      ...['red', 'red', 'blue', 'purple', 'red', 'red', 'blue', 'purple', 'red', 'red', 'purple', 'blue'],
    ]);
  });

  it('refuses crossfades that are longer than an input allows', async () => {
    const inputPaths = ['inbox/red.mp4', 'inbox/green.mp4'];
    const job = await reelay.api.until(
      await reelay.api.submit('compile_mega', { inputPaths, crossfadeSeconds: 1.5 }),
      'failed',
    );
    expect(job.error?.message).toBe('inbox/green.mp4 is too short for crossfades of 1.5 s');
  });
});

describe('an animated GIF', () => {
  it('has the size and the pictures that were asked for', async () => {
    const inputPath = 'inbox/silent.mp4';
    const gif = await compile('compile_gif', { inputPath, start: 1, duration: 2, fps: 10, width: 200 });
    expect(gif).toMatchObject({ outputPath: 'compilations/silent.gif', width: 200, frames: 20, tries: 1 });
    const { streams } = await probeFile(inLibrary(gif.outputPath));
    expect(streams).toMatchObject([{ codec_name: 'gif', width: 200, height: 113 }]);
    expect(await frameHashes(inLibrary(gif.outputPath))).toHaveLength(20);
  });

  it('is made smaller until it fits, or fails', async () => {
    const inputPath = 'inbox/silent.mp4';
    const gif = await compile('compile_gif', { inputPath, duration: 2, width: 320, maxBytes: 150_000 });
    const { format } = await probeFile(inLibrary(gif.outputPath));
    expect(Number(format.size)).toBeLessThanOrEqual(150_000);
    expect(gif.sizeBytes).toBe(Number(format.size));
    expect(gif.tries).toBeGreaterThan(1);
    const impossible = { inputPath, duration: 2, maxBytes: 1_000, outputPath: 'clips/tiny.gif' };
    const job = await reelay.api.until(await reelay.api.submit('compile_gif', impossible), 'failed', 60_000);
    expect(job.error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
  });
});
