import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  clipGenerate,
  digestGenerate,
  highlightGenerate,
  JobDetail,
  ResultOf,
  sceneExtract,
} from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, colourAt, frameHashes, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let database: pg.Client;
/** Red for 2 s, an equally bright green for 3 s, blue for 1.6 s, and a moving picture for 2 s. */
let cuts: string;
/** Still and silent, but for 6 s in the middle, which are blue below, move above, and are loud. */
let lively: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-analyze': 1 } });
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  cuts = await film('cuts.mp4', [still('red', 2), still('0x008a00', 3), still('blue', 1.6), moving('white', 2)]);
  lively = await film('lively.mp4', [still('red', 8), moving('blue', 6), still('white', 6)], {
    loud: [[8, 14]],
  });
});
afterAll(async () => {
  await database.end();
  await reelay.stop();
});

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

const FPS = 25;

interface Part {
  readonly seconds: number;
  /** @param size of the picture */
  readonly source: (width: number, height: number) => string;
}

const still = (colour: string, seconds: number): Part => ({
  seconds,
  source: (width, height) =>
    `color=${colour}:size=${String(width)}x${String(height)}:rate=25:duration=${String(seconds)}`,
});

/** A test picture that moves in the upper half, over one colour. */
const moving = (colour: string, seconds: number): Part => ({
  seconds,
  source: (width, height) => {
    const half = `size=${String(width)}x${String(height / 2)}:rate=25:duration=${String(seconds)}`;
    return `testsrc2=${half}[top${colour}];color=${colour}:${half}[low${colour}];[top${colour}][low${colour}]vstack`;
  },
});

/** Joins parts with hard cuts; a tone sounds in the `loud` times. */
function film(
  name: string,
  parts: readonly Part[],
  {
    size = [320, 180],
    loud,
  }: { size?: readonly [number, number]; loud?: readonly (readonly [number, number])[] | null } = {},
): Promise<string> {
  const [width, height] = size;
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const chains = parts.map(
    ({ source }, index) => `${source(width, height)},format=yuv420p,setsar=1[p${String(index)}]`,
  );
  const pads = parts.map((_, index) => `[p${String(index)}]`).join('');
  const joined = `${chains.join(';')};${pads}concat=n=${String(parts.length)}[v]`;
  const times = (loud ?? [[0, seconds]]).map(([from, to]) => `between(t,${String(from)},${String(to)})`).join('+');
  const tone = `aevalsrc='0.5*sin(2*PI*440*t)*min(1,${times})':s=48000:d=${String(seconds)}`;
  return makeVideo(reelay.mediaRoot, name, [
    ...(loud === null ? [] : ['-f', 'lavfi', '-i', tone]),
    ...['-filter_complex', joined, '-map', '[v]', ...(loud === null ? [] : ['-map', '0:a', '-c:a', 'aac'])],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18'],
  ]);
}

type Scenes = ResultOf<typeof sceneExtract>;

interface Results {
  readonly scene_extract: Scenes;
  readonly digest_generate: ResultOf<typeof digestGenerate>;
  readonly highlight_generate: ResultOf<typeof highlightGenerate>;
  readonly clip_generate: ResultOf<typeof clipGenerate>;
}

async function run<T extends keyof Results>(
  type: T,
  params: Record<string, unknown>,
): Promise<{ job: JobDetail; result: Results[T] }> {
  const job = await reelay.api.until(await reelay.api.submit(type, params), 'completed', 110_000);
  for (const path of job.destinationPaths) await stat(inLibrary(path));
  return { job, result: job.result as unknown as Results[T] };
}

/** What the library's records say of a path, with the path of the video that it was made from. */
const recordOf = async (path: string): Promise<Record<string, unknown> | undefined> =>
  (
    await database.query<Record<string, unknown>>(
      'SELECT v.*, s.path AS source FROM videos v LEFT JOIN videos s ON s.id = v.source_video_id WHERE v.path = $1',
      [path],
    )
  ).rows[0];

/** The colours low in the picture of a file at some of its seconds. */
const coloursAt = (path: string, seconds: readonly number[]): Promise<string[]> =>
  Promise.all(seconds.map((second) => colourAt(inLibrary(path), second, 160, 150)));

async function durationOf(path: string): Promise<number> {
  const { streams } = await probeFile(inLibrary(path));
  return Number(streams.find(({ codec_type }) => codec_type === 'video')?.duration);
}

const within = (value: number, wanted: number, tolerance: number): void => {
  expect(Math.abs(value - wanted), `${String(value)} is near ${String(wanted)}`).toBeLessThanOrEqual(tolerance);
};

describe('the scenes of a video', () => {
  it('begin and end at its cuts, each with its picture, and are on its record', async () => {
    const { result, job } = await run('scene_extract', { inputPath: cuts });
    expect(result.scenes).toHaveLength(4);
    for (const [index, [start, end]] of [
      [0, 2],
      [2, 5],
      [5, 6.6],
      [6.6, 8.6],
    ].entries()) {
      within(result.scenes[index]?.start ?? NaN, start ?? 0, 1 / FPS);
      within(result.scenes[index]?.end ?? NaN, end ?? 0, 1 / FPS);
    }
    expect(result.scenes.map(({ clipPath }) => clipPath)).toEqual([null, null, null, null]);
    const pictures = result.scenes.map(({ imagePath }) => imagePath ?? '');
    expect(job.destinationPaths).toEqual(['thumbnails/cuts.scenes/scenes.vtt', ...pictures]);
    expect(await readdir(inLibrary('thumbnails/cuts.scenes'))).toEqual([
      ...[1, 2, 3, 4].map((n) => `scene-${String(n)}.jpg`),
      'scenes.vtt',
    ]);
    const colours = await Promise.all(pictures.map((picture) => colourAt(inLibrary(picture), 0, 160, 150)));
    expect(colours).toEqual(['red', 'green', 'blue', 'white']);
    const scenes = result.scenes.map(({ clipPath: _, ...scene }) => scene);
    expect(await recordOf(cuts)).toMatchObject({ scenes, width: 320 });
    expect(job.log).toContain('scene 2: 2 s to 5 s');
    const { body } = await reelay.api.call<{ data: { id: string }[] }>(
      'GET',
      '/api/media/videos?q=cuts&directoryType=inbox',
    );
    const image = `${reelay.stack.apiUrl}/api/media/videos/${body.data[0]?.id ?? ''}/scenes`;
    const headers = { authorization: `Bearer ${reelay.stack.token}` };
    const second = await fetch(`${image}/2/image`, { headers });
    expect(Buffer.from(await second.arrayBuffer())).toEqual(await readFile(inLibrary(pictures[1] ?? '')));
    expect([second.headers.get('content-type'), (await fetch(`${image}/9/image`, { headers })).status]).toEqual([
      'image/jpeg',
      404,
    ]);
  });

  it('can be cut out, each into a clip of its own', async () => {
    const { result } = await run('scene_extract', { inputPath: cuts, clips: true, accurate: true });
    expect(result.imageFolder).toBe('thumbnails/cuts-2.scenes');
    const clips = result.scenes.map(({ clipPath }) => clipPath ?? '');
    expect(clips).toEqual([1, 2, 3, 4].map((n) => `clips/cuts-scene-${String(n)}.mp4`));
    const lengths = await Promise.all(clips.map(async (clip) => (await frameHashes(inLibrary(clip))).length));
    expect(lengths).toEqual([50, 75, 40, 50]);
    for (const [index, colour] of ['red', 'green', 'blue', 'white'].entries()) {
      const last = (lengths[index] ?? 0) / FPS - 0.04;
      expect(await coloursAt(clips[index] ?? '', [0, last])).toEqual([colour, colour]);
      expect(await recordOf(clips[index] ?? '')).toMatchObject({ source: cuts, valid: true });
    }
  });

  it('are fewer with a longest shortest one, or a limit: then the sharpest cuts count', async () => {
    const long = await run('scene_extract', { inputPath: cuts, minSceneSeconds: 1.9 });
    expect(long.result.scenes.map(({ start }) => start)).toEqual([0, 2, expect.any(Number)]);
    const { result } = await run('scene_extract', { inputPath: cuts, maxScenes: 1, imageWidth: 64 });
    expect(result.scenes).toMatchObject([{ start: 0, score: 0 }]);
    within(result.scenes[0]?.end ?? NaN, 8.6, 1 / FPS);
    const { streams } = await probeFile(inLibrary(result.scenes[0]?.imagePath ?? ''));
    expect(streams).toMatchObject([{ codec_name: 'mjpeg', width: 64, height: 36 }]);
  });

  it('are found in a real video, also by its id', async () => {
    const inputPath = await addSample(reelay.mediaRoot);
    const first = await run('scene_extract', { inputPath });
    const { id } = (await recordOf(inputPath)) as { id: string };
    const answer = await reelay.api.call<{ id: string }>('POST', `/api/media/videos/${id}/actions`, {
      action: 'scenes',
    });
    const again = await reelay.api.until(answer.body.id, 'completed', 60_000);
    const times = ({ scenes }: Scenes): unknown => scenes.map(({ start, end, score }) => [start, end, score]);
    expect(times(again.result as unknown as Scenes)).toEqual(times(first.result));
  });
});

describe('a digest', () => {
  it('consists of what moves and is loud', async () => {
    const { result, job } = await run('digest_generate', { inputPath: lively, targetLength: 6 });
    expect(result).toMatchObject({ outputPath: 'compilations/lively-digest.mp4', whole: false });
    expect(result.segments).toHaveLength(1);
    within(result.segments[0]?.start ?? NaN, 8, 1 / FPS);
    within(result.segments[0]?.end ?? NaN, 14, 1 / FPS);
    expect(result.segments[0]?.motion).toBeGreaterThan(0.5);
    expect(result.segments[0]?.loudness).toBeGreaterThan(-30);
    within(await durationOf(result.outputPath), 6, 1 / FPS);
    expect(await coloursAt(result.outputPath, [0, 3, 5.9])).toEqual(['blue', 'blue', 'blue']);
    expect(await recordOf(result.outputPath)).toMatchObject({ source: lively, width: 320, audio_codec: 'aac' });
    expect(job.log).toContain('taken: 8 s to 14 s: score');

    const again = await run('digest_generate', { inputPath: lively, targetLength: 6 });
    expect(again.result.outputPath).toBe('compilations/lively-digest-2.mp4');
    expect(again.result.segments).toEqual(result.segments);
    expect(await frameHashes(inLibrary(again.result.outputPath))).toEqual(
      await frameHashes(inLibrary(result.outputPath)),
    );
  });

  it('is filled up with the next best, in the order of the film', async () => {
    const params = { inputPath: lively, targetLength: 9, outputPath: 'clips/nine.mp4' };
    const { result } = await run('digest_generate', params);
    const total = result.segments.reduce((sum, { start, end }) => sum + end - start, 0);
    within(total, 9, 2 / FPS);
    within(await durationOf('clips/nine.mp4'), 9, 2 / FPS);
    expect(result.segments).toEqual(result.segments.toSorted((a, b) => a.start - b.start));
    expect(result.segments.some(({ start, end }) => start <= 8 && end >= 14)).toBe(true);
  });

  it('shows a bit of all without highlights', async () => {
    const params = { inputPath: lively, targetLength: 6, segmentSeconds: 2, includeHighlights: false };
    const { result } = await run('digest_generate', params);
    within(await durationOf(result.outputPath), 6, 1 / FPS);
    expect(await coloursAt(result.outputPath, [1, 3, 5])).toEqual(['red', 'blue', 'white']);
  });

  it('of a video that is no longer than that is all of it, and says so', async () => {
    const { result, job } = await run('digest_generate', { inputPath: cuts });
    expect(result).toMatchObject({ whole: true, segments: [{ start: 0 }] });
    within(await durationOf(result.outputPath), 8.6, 1 / FPS);
    expect(job.log).toContain('the film is no longer than was asked for: it is taken whole');
  });
});

describe('inputs as they come', () => {
  it('a still video without sound, of a tiny size', async () => {
    const inputPath = await film('tiny.mp4', [still('red', 12)], { size: [16, 16], loud: null });
    const { result } = await run('digest_generate', { inputPath, targetLength: 3 });
    expect(result.segments).toMatchObject([{ motion: 0, loudness: null }]);
    const { streams } = await probeFile(inLibrary(result.outputPath));
    expect(streams).toMatchObject([{ codec_name: 'h264', width: 16, height: 16 }]);
    expect(streams).toHaveLength(1);
    within(await durationOf(result.outputPath), 3, 1 / FPS);
    const { result: found } = await run('scene_extract', { inputPath });
    expect(found.scenes).toMatchObject([{ start: 0, score: 0 }]);
    const reel = await run('highlight_generate', { inputPath, targetLength: 5 });
    within(await durationOf(reel.result.outputPath), 5, 2 / FPS);
  });

  it('one that is turned stands upright', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'turned.mp4', [
      ...['-i', inLibrary(cuts), '-c', 'copy', '-metadata:s:v', 'rotate=90'],
    ]);
    const { result } = await run('digest_generate', { inputPath, targetLength: 4 });
    const { streams } = await probeFile(inLibrary(result.outputPath));
    expect(streams[0]).toMatchObject({ width: 180, height: 320 });
    const scenes = await run('scene_extract', { inputPath });
    expect(scenes.result.scenes).toHaveLength(4);
    const picture = await probeFile(inLibrary(scenes.result.scenes[0]?.imagePath ?? ''));
    expect(picture.streams[0]).toMatchObject({ width: 180, height: 320 });
  });

  it('one without a picture fails, and is not retried', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'sound.m4a', ['-f', 'lavfi', '-i', 'sine=duration=2']);
    for (const type of ['scene_extract', 'digest_generate', 'highlight_generate']) {
      const job = await reelay.api.until(await reelay.api.submit(type, { inputPath }), 'failed');
      expect(job.error).toMatchObject({ code: 'INPUT_UNREADABLE', retryable: false });
    }
  });
});

describe('a reel of highlights', () => {
  it('shows the best moments, and fades from one to the next', async () => {
    const parts = [still('white', 3), moving('red', 4), still('white', 6), moving('blue', 4), still('white', 3)];
    const inputPath = await film('moments.mp4', parts, {
      loud: [
        [3, 7],
        [13, 17],
      ],
    });
    const params = { inputPath, targetLength: 5, clipSeconds: 3, crossfadeSeconds: 1 };
    const { result } = await run('highlight_generate', params);
    expect(result).toMatchObject({ outputPath: 'compilations/moments-highlights.mp4', whole: false });
    expect(result.moments).toHaveLength(2);
    for (const [index, [from, to]] of [
      [3, 7],
      [13, 17],
    ].entries()) {
      const { start = NaN, end = NaN } = result.moments[index] ?? {};
      expect(start).toBeGreaterThanOrEqual((from ?? 0) - 0.3);
      expect(end).toBeLessThanOrEqual((to ?? 0) + 0.3);
      within(end - start, 3, 0.01);
    }
    within(await durationOf(result.outputPath), 5, 1 / FPS);
    expect(await coloursAt(result.outputPath, [1, 2.5, 4])).toEqual(['red', 'purple', 'blue']);
    expect(await recordOf(result.outputPath)).toMatchObject({ source: inputPath });
  });
});

describe('clips', () => {
  it('are cut at each range, exactly where that is asked for', async () => {
    const ranges = [
      { start: '0:00.4', end: 1.6 },
      { start: 5.2, end: 6.4 },
    ];
    const { result, job } = await run('clip_generate', { inputPath: cuts, ranges, accurate: true });
    expect(job.destinationPaths).toEqual(['clips/cuts-clip-1.mp4', 'clips/cuts-clip-2.mp4']);
    expect(result.clips).toMatchObject([{ start: 0.4, end: 1.6, frames: 30 }, { frames: 30 }]);
    expect(await coloursAt(job.destinationPaths[0] ?? '', [0, 1.1])).toEqual(['red', 'red']);
    expect(await coloursAt(job.destinationPaths[1] ?? '', [0, 1.1])).toEqual(['blue', 'blue']);
    for (const path of job.destinationPaths) expect(await recordOf(path)).toMatchObject({ source: cuts });
  });

  it('can be those of a digest, whose input and segments they take', async () => {
    const digest = await run('digest_generate', { inputPath: lively, targetLength: 9 });
    const { result, job } = await run('clip_generate', { digestJobId: digest.job.id });
    expect(job.params).toMatchObject({ inputPath: lively });
    const times = (parts: readonly { start: number; end: number }[]): unknown =>
      parts.map(({ start, end }) => [start, end]);
    expect(times(result.clips)).toEqual(times(digest.result.segments));
  });

  it.each([
    ['JOB_NOT_FOUND', () => Promise.resolve('770e8400-e29b-41d4-a716-446655440002'), 'there is no job'],
    ['NO_DIGEST', () => reelay.api.submit('nobody_knows'), 'is a nobody_knows, not a digest_generate'],
    [
      'DIGEST_NOT_COMPLETED',
      () => reelay.api.submit('digest_generate', { inputPath: 'inbox/none.mp4' }),
      'is not made',
    ],
  ])('of a digest are refused with %s', async (code, jobId, message) => {
    const params = { digestJobId: await jobId() };
    const { status, body } = await reelay.api.problem('POST', '/api/media/jobs', { type: 'clip_generate', params });
    expect({ status, code: body.code }).toEqual({ status: 422, code });
    expect(body.errors).toMatchObject([{ path: 'params.digestJobId' }]);
    expect(body.errors?.[0]?.message).toContain(message);
  });

  it('without ranges or a digest are refused, with both ways out', async () => {
    const answer = await reelay.api.problem('POST', '/api/media/jobs', {
      type: 'clip_generate',
      params: { inputPath: cuts },
    });
    expect(answer.body.errors).toMatchObject([{ path: 'params.ranges', message: 'give ranges or digestJobId' }]);
  });

  it('of which one lies beyond the film are refused before any is cut', async () => {
    const ranges = [
      { start: 0, end: 1 },
      { start: 8, end: 20 },
    ];
    const before = await readdir(inLibrary('clips'));
    const job = await reelay.api.until(await reelay.api.submit('clip_generate', { inputPath: cuts, ranges }), 'failed');
    expect(job.error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
    expect(await readdir(inLibrary('clips'))).toEqual(before);
  });
});
