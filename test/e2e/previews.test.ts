import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JobDetail, ResultOf, thumbnailGenerate, VideoView } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCues, type Cue } from '../support/cues.js';
import { addSample, colourAt, frameHashes, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

type Result = ResultOf<typeof thumbnailGenerate>;

const VIDEOS = '/api/media/videos';
const COLOURS = ['red', 'green', 'blue', 'white'] as const;

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
});
afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

async function make(params: Record<string, unknown>): Promise<{ job: JobDetail; result: Result }> {
  const id = await reelay.api.submit('thumbnail_generate', params);
  const job = await reelay.api.until(id, 'completed', 100_000);
  return { job, result: job.result as unknown as Result };
}

/** A film that is red, green, blue and white, each for a quarter of it, with a tone. */
async function colourFilm(
  name: string,
  secondsEach: number,
  { size = '320x180', rate = 25, keyEvery = 1000, pixels = 'yuv420p' } = {},
  more: readonly string[] = [],
): Promise<string> {
  const inputs = COLOURS.map((colour) => {
    const fill = colour === 'green' ? 'lime' : colour;
    return ['-f', 'lavfi', '-i', `color=${fill}:size=${size}:rate=${String(rate)}:duration=${String(secondsEach)}`];
  });
  return makeVideo(reelay.mediaRoot, name, [
    ...[...inputs.flat(), '-f', 'lavfi', '-i', `sine=duration=${String(secondsEach * COLOURS.length)}`],
    ...['-filter_complex', `[0][1][2][3]concat=n=4${more.length > 0 ? `,${more.join(',')}` : ''}[v]`, '-map', '[v]'],
    ...['-map', '4:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', pixels, '-c:a', 'aac'],
    ...['-g', String(keyEvery), '-sc_threshold', '0'],
  ]);
}

/** The colours of all tiles of a sprite, or of one in so many, looked up on its sheet where its cue says. */
async function tileColours({ spritePath = '' }: Result, each = 1): Promise<string[]> {
  const cues = everyOf(await cuesOf(spritePath), each);
  return Promise.all(
    cues.map(({ file, x, y, width, height }) =>
      colourAt(inLibrary(join(dirname(spritePath), file)), 0, x + width / 2, y + height / 2),
    ),
  );
}

const cuesOf = async (spritePath: string): Promise<Cue[]> => readCues(await readFile(inLibrary(spritePath), 'utf8'));

const everyOf = <T>(all: readonly T[], each: number): T[] => all.filter((_, index) => index % each === 0);

/** What the middle of each of `count` equal parts of such a film shows. */
const coloursOfParts = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => COLOURS[Math.floor(((index + 0.5) / count) * COLOURS.length)] ?? '');

describe('a sprite', () => {
  it('shows on each tile what the film shows in the middle of its cue', async () => {
    const inputPath = await colourFilm('short.mp4', 2);
    const { job, result } = await make({ kind: 'sprite', inputPath, intervalSeconds: 0.5, columns: 5 });
    expect(result).toMatchObject({
      spritePath: 'thumbnails/short.sprite/sprite.vtt',
      sheets: ['thumbnails/short.sprite/sprite/1.jpg'],
      tiles: 16,
      width: 160,
      height: 90,
    });
    expect(job.destinationPaths).toEqual([result.spritePath, ...(result.sheets ?? [])]);
    const cues = await cuesOf(result.spritePath ?? '');
    expect(cues.map(({ start }) => start)).toEqual(Array.from({ length: 16 }, (_, index) => index / 2));
    expect(cues.slice(1).map(({ start }) => start)).toEqual(cues.slice(0, -1).map(({ end }) => end));
    expect(cues.at(-1)?.end).toBeCloseTo(8, 1);
    expect(await tileColours(result)).toEqual(coloursOfParts(16));
    const { streams } = await probeFile(inLibrary(result.sheets?.[0] ?? ''));
    expect(streams).toMatchObject([{ codec_name: 'mjpeg', width: 800, height: 360 }]);
  });

  it('takes several sheets where one would be too large', async () => {
    const inputPath = await colourFilm('sheets.mp4', 2);
    const { result } = await make({ kind: 'sprite', inputPath, count: 130, columns: 6, width: 64 });
    expect(result.sheets).toEqual([1, 2, 3].map((n) => `thumbnails/sheets.sprite/sprite/${String(n)}.jpg`));
    expect(await tileColours(result, 7)).toEqual(everyOf(coloursOfParts(130), 7));
    for (const sheet of result.sheets ?? []) {
      expect((await probeFile(inLibrary(sheet))).streams).toMatchObject([{ width: 384, height: 360 }]);
    }
  });

  it.each([
    ['key pictures in one pass', 10, 6, '-skip_frame nokey'],
    ['seeks', 10, 60, 'output'],
    ['all pictures, where key pictures are too rare,', 10_000, 6, 'all pictures are decoded'],
  ])('of a long film is made of %s', async (_, keyEvery, intervalSeconds, logged) => {
    const name = `long-${String(keyEvery)}-${String(intervalSeconds)}.mp4`;
    const inputPath = await colourFilm(name, 60, { size: '64x36', rate: 5, keyEvery });
    const { job, result } = await make({ kind: 'sprite', inputPath, intervalSeconds });
    expect(job.log).toContain(logged);
    const count = 240 / intervalSeconds;
    expect(result).toMatchObject({ tiles: count, width: 64, height: 36 });
    expect(await tileColours(result)).toEqual(coloursOfParts(count));
  });

  it('has a hundred pictures of a long film, unless told otherwise', async () => {
    const inputPath = await colourFilm('usual.mp4', 60, { size: '64x36', rate: 5, keyEvery: 5 });
    const { result } = await make({ kind: 'sprite', inputPath });
    expect(result).toMatchObject({ tiles: 100, intervalSeconds: expect.closeTo(2.4, 1) as number });
    expect(await tileColours(result, 9)).toEqual(everyOf(coloursOfParts(100), 9));
  });

  it('of which nothing fits together is refused', async () => {
    for (const params of [{ count: 5, intervalSeconds: 1 }, { segments: 3 }, { width: 641 }, { timestamp: 1 }]) {
      const body = { type: 'thumbnail_generate', params: { inputPath: 'inbox/x.mp4', kind: 'sprite', ...params } };
      expect((await reelay.api.problem('POST', '/api/media/jobs', body)).status).toBe(422);
    }
  });
});

describe('of films of any shape', () => {
  const SHAPES: readonly (readonly [name: string, make: (name: string) => Promise<string>, tile: string])[] = [
    [
      'turned.mp4',
      async (name) => {
        const upright = inLibrary(await colourFilm('upright.mp4', 1));
        return makeVideo(reelay.mediaRoot, name, ['-i', upright, '-c', 'copy', '-metadata:s:v', 'rotate=90']);
      },
      '160x284',
    ],
    ['anamorphic.mp4', (name) => colourFilm(name, 1, { size: '160x180' }, ['setsar=2']), '160x90'],
    ['odd.mkv', (name) => colourFilm(name, 1, { size: '33x17', pixels: 'yuv444p' }), '32x16'],
  ];

  it.each(SHAPES)('%s is upright, and has its shape', async (name, film, tile) => {
    const inputPath = await film(name);
    const sprite = (await make({ kind: 'sprite', inputPath, count: 4 })).result;
    expect(`${String(sprite.width)}x${String(sprite.height)}`).toBe(tile);
    expect(await tileColours(sprite)).toEqual([...COLOURS]);
    const preview = (await make({ kind: 'preview', inputPath, segments: 4, segmentSeconds: 0.2, width: 160 })).result;
    expect(`${String(preview.width)}x${String(preview.height)}`).toBe(tile);
    expect((await probeFile(inLibrary(preview.previewPath ?? ''))).streams).toMatchObject([
      { width: preview.width, height: preview.height },
    ]);
  });

  it.each([
    ['one pixel', ['-i', 'testsrc2=size=64x64:rate=25:duration=2,scale=1:1', '-c:v', 'ffv1', '-pix_fmt', 'bgr0']],
    ['one picture', ['-i', 'testsrc2=size=64x36:rate=25:duration=0.04', '-c:v', 'ffv1', '-pix_fmt', 'yuv420p']],
  ])('of %s there is a sprite, and a preview in each format', async (what, args) => {
    const name = `${what.replace(' ', '-')}.mkv`;
    const inputPath = await makeVideo(reelay.mediaRoot, name, ['-f', 'lavfi', ...args]);
    const { result } = await make({ kind: 'sprite', inputPath });
    expect(await cuesOf(result.spritePath ?? '')).toHaveLength(result.tiles ?? 0);
    for (const format of ['mp4', 'webp']) await make({ kind: 'preview', inputPath, format });
  });
});

describe('an animated preview', () => {
  it('joins moments of the whole film, without its sound', async () => {
    const inputPath = await colourFilm('to-preview.mp4', 4);
    const { job, result } = await make({ kind: 'preview', inputPath, segments: 4, segmentSeconds: 1, width: 200 });
    expect(result).toMatchObject({ previewPath: 'thumbnails/to-preview-preview.mp4', durationSeconds: 4, width: 200 });
    expect(job.destinationPaths).toEqual([result.previewPath]);
    const file = inLibrary(result.previewPath ?? '');
    const { streams, format } = await probeFile(file);
    expect(streams).toMatchObject([{ codec_type: 'video', codec_name: 'h264', width: 200, height: 112 }]);
    expect(Number(format.duration)).toBeCloseTo(4, 1);
    const shown = await Promise.all([0.5, 1.5, 2.5, 3.5].map((second) => colourAt(file, second, 100, 56)));
    expect(shown).toEqual([...COLOURS]);
  });

  it('moves', async () => {
    const inputPath = await addSample(reelay.mediaRoot);
    const { result } = await make({ kind: 'preview', inputPath, segments: 3, segmentSeconds: 1 });
    const hashes = await frameHashes(inLibrary(result.previewPath ?? ''));
    expect(hashes).toHaveLength(45);
    expect(new Set(hashes).size).toBeGreaterThan(40);
  });

  it('is a WebP that is played without end, where that is asked for', async () => {
    const inputPath = await addSample(reelay.mediaRoot);
    const { result } = await make({ kind: 'preview', inputPath, segments: 2, segmentSeconds: 0.6, format: 'webp' });
    expect(result).toMatchObject({ previewPath: 'thumbnails/sample-preview.webp', width: 320, height: 180 });
    const content = await readFile(inLibrary(result.previewPath ?? ''));
    expect(content.toString('latin1', 0, 4) + content.toString('latin1', 8, 16)).toBe('RIFFWEBPVP8X');
    expect([content.readUIntLE(24, 3) + 1, content.readUIntLE(27, 3) + 1]).toEqual([320, 180]);
    const frames = content.toString('latin1').split('ANMF').slice(1);
    expect(frames.length).toBeGreaterThan(15);
    // Each frame's header holds its time in milliseconds, after its length, place and size.
    const times = frames.map((frame) => Buffer.from(frame, 'latin1').readUIntLE(16, 3));
    expect(times.reduce((sum, time) => sum + time, 0)).toBeCloseTo(1200, -2);
    expect(content.readUInt16LE(content.indexOf('ANIM') + 12)).toBe(0);
  });
});

describe('the API', () => {
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${reelay.api.url}${path}`, { headers: { authorization: `Bearer ${reelay.stack.token}`, ...headers } });

  it('makes sprite and preview as actions on a video, and serves them', async () => {
    const inputPath = await colourFilm('served.mp4', 1);
    await reelay.api.until(await reelay.api.submit('probe', { inputPath }), 'completed');
    const listed = await reelay.api.call<{ data: VideoView[] }>('GET', `${VIDEOS}?q=served`);
    const { id, spritePath } = listed.body.data[0]!;
    expect(spritePath).toBeNull();
    const address = `${VIDEOS}/${id}`;
    for (const action of ['sprite', 'preview']) {
      expect(await (await get(`${address}/${action}`)).json()).toMatchObject({
        code: `${action.toUpperCase()}_NOT_FOUND`,
      });
      const params = action === 'sprite' ? { count: 4 } : { segments: 2 };
      const { body } = await reelay.api.call<{ id: string }>('POST', `${address}/actions`, { action, params });
      await reelay.api.until(body.id, 'completed');
    }
    const shown = (await reelay.api.call<VideoView>('GET', address)).body;
    expect(shown).toMatchObject({
      spritePath: 'thumbnails/served.sprite/sprite.vtt',
      previewPath: 'thumbnails/served-preview.mp4',
      thumbnailPath: null,
    });

    const cues = await get(`${address}/sprite`);
    expect(cues.headers.get('content-type')).toContain('text/vtt');
    const [cue] = readCues(await cues.text());
    // A player resolves what a cue names against the address of the WebVTT file.
    const sheet = await get(new URL(cue?.file ?? '', cues.url).pathname);
    expect([sheet.status, sheet.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(sheet.headers.get('etag')).toBeTruthy();
    const content = Buffer.from(await sheet.arrayBuffer());
    expect(content.equals(await readFile(inLibrary('thumbnails/served.sprite/sprite/1.jpg')))).toBe(true);

    const part = await get(`${address}/preview`, { range: 'bytes=4-7' });
    expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'video/mp4', 'ftyp']);
  });

  it('serves sheets only, whatever is asked for', async () => {
    const listed = await reelay.api.call<{ data: VideoView[] }>('GET', `${VIDEOS}?q=served`);
    const address = `${VIDEOS}/${listed.body.data[0]!.id}/sprite`;
    expect((await get(`${address}/9.jpg`)).status).toBe(404);
    for (const name of ['sprite.vtt', '..%2Fsprite.vtt', '%2e%2e%2f%2e%2e%2fserved.mp4', '1.jpg%00', '-1.jpg']) {
      expect([name, (await get(`${address}/${name}`)).status]).toEqual([name, 400]);
    }
  });
});
