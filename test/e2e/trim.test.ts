import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSample, frameHashes, frameTimes, makeVideo, probeFile } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1 } });
});
afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

interface Trimmed {
  readonly outputPath: string;
  readonly mode: string;
  readonly reason: string | null;
  readonly inSeconds: number;
  readonly outSeconds: number;
  readonly frames: number;
  readonly encodedFrames: number;
}

async function trim(
  params: Record<string, unknown>,
): Promise<{ job: Awaited<ReturnType<Reelay['api']['until']>>; result: Trimmed; file: string }> {
  const job = await reelay.api.until(await reelay.api.submit('trim', params), 'completed', 100_000);
  const result = job.result as unknown as Trimmed;
  return { job, result, file: inLibrary(result.outputPath) };
}

const KEYS_EVERY = 2;
const FPS = 30;

/** Twenty seconds of moving picture and sound, with a key picture every two seconds. */
const makeFilm = (name: string, encoder: readonly string[]): Promise<string> =>
  makeVideo(reelay.mediaRoot, name, [
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${String(FPS)}:duration=20`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=20', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    ...[...encoder, '-g', String(KEYS_EVERY * FPS)],
  ]);

const x264 = (...more: string[]): string[] => ['-c:v', 'libx264', '-preset', 'veryfast', ...more];

/** The sound and the picture of an output start together. */
async function startTogether(file: string): Promise<void> {
  const { streams } = await probeFile(file);
  const starts = streams.map(({ start_time }) => Number(start_time));
  expect(starts).toHaveLength(2);
  expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(0.05);
}

describe('a plain trim', () => {
  it('copies from the key picture before its start, and says where it really begins and ends', async () => {
    const inputPath = await makeFilm('plain.mp4', x264());
    const { result, file, job } = await trim({ inputPath, start: 5.1, end: '0:09.5' });
    expect(result).toMatchObject({ mode: 'copy', reason: null, inSeconds: 4, encodedFrames: 0 });
    expect(result.outSeconds).toBeGreaterThanOrEqual(9.5);
    expect(result.outSeconds).toBeLessThan(9.5 + 0.2);
    expect(job.log).toContain('-c:v copy -c:a copy');
    const source = await frameHashes(inLibrary(inputPath));
    const kept = await frameHashes(file);
    expect(kept).toEqual(source.slice(result.inSeconds * FPS, result.inSeconds * FPS + kept.length));
    expect(kept).toHaveLength(result.frames);
    expect(kept.length / FPS).toBeCloseTo(result.outSeconds - result.inSeconds, 2);
    await startTogether(file);
  });

  it('of a transport stream begins with its first picture', async () => {
    const inputPath = await makeFilm('start.ts', x264());
    const { result, file } = await trim({ inputPath, start: 0, end: 3 });
    const wanted = (await frameHashes(inLibrary(inputPath))).slice(0, result.frames);
    expect(await frameHashes(file)).toEqual(wanted);
  });

  it('cuts the real sample', async () => {
    const inputPath = await addSample(reelay.mediaRoot);
    const { result, file } = await trim({ inputPath, start: 1, end: 3, outputPath: 'clips/part.mkv' });
    expect(result).toMatchObject({ mode: 'copy', outputPath: 'clips/part.mkv' });
    expect(result.inSeconds).toBeLessThanOrEqual(1);
    expect(result.outSeconds).toBeGreaterThan(2.99);
    const { streams, format } = await probeFile(file);
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    expect(Number(format.duration)).toBeCloseTo(result.outSeconds - result.inSeconds, 0);
  });
});

describe('an exact trim', () => {
  /** Cuts 3.1 s to 11.5 s and compares every picture. */
  const cutsExactly = async (inputPath: string, copied: { from: number; to: number }): Promise<void> => {
    const [start, end] = [3.1, 11.5];
    const { result, file } = await trim({ inputPath, start, end, accurate: true });
    expect(result.mode).toBe('smart');
    const times = await frameTimes(inLibrary(inputPath));
    const wanted = times.filter((time) => time >= start - 0.001 && time < end - 0.001);
    const source = await frameHashes(inLibrary(inputPath));
    const kept = await frameHashes(file);
    expect(kept).toHaveLength(wanted.length);
    expect(result.frames).toBe(wanted.length);
    const first = times.findIndex((time) => time >= start - 0.001);
    const middle = times.flatMap((time, index) =>
      time >= copied.from - 0.001 && time < copied.to - 0.001 ? [index] : [],
    );
    expect(middle.map((index) => kept[index - first])).toEqual(middle.map((index) => source[index]));
    expect(result.encodedFrames).toBe(wanted.length - middle.length);
    const outTimes = await frameTimes(file);
    for (const [index, time] of outTimes.entries()) {
      expect(Math.abs(time - (outTimes[0] ?? 0) - ((wanted[index] ?? 0) - (wanted[0] ?? 0)))).toBeLessThan(0.002);
    }
    await startTogether(file);
  };

  it('encodes the edges and copies every picture between them', async () => {
    await cutsExactly(await makeFilm('smart.mp4', x264()), { from: 4, to: 10 });
  });

  it('encodes all of a film of which no group of pictures stands alone', async () => {
    const film = await makeFilm('open.mp4', x264('-x264-params', 'open-gop=1:keyint=60:min-keyint=60:scenecut=0'));
    const { result, file } = await trim({ inputPath: film, start: 3.1, end: 11.5, accurate: true });
    expect(await frameHashes(file)).toHaveLength(Math.round(8.4 * FPS));
    expect(result).toMatchObject({ mode: 'encode', reason: 'the range holds no whole group of pictures', frames: 252 });
  });

  it.each(['mkv', 'ts'])('cuts a .%s as exactly', async (extension) => {
    await cutsExactly(await makeFilm(`other.${extension}`, x264('-bf', '2', '-profile:v', 'main')), {
      from: 4,
      to: 10,
    });
  });

  it('keeps the times of pictures that come at no steady rate', async () => {
    const drop = "select='not(eq(mod(n,7),3))'";
    await cutsExactly(
      await makeFilm('vfr.mkv', [
        '-vf',
        drop,
        '-fps_mode',
        'vfr',
        ...x264('-force_key_frames', 'expr:gte(t,n_forced*2)'),
      ]),
      {
        from: 4,
        to: 10,
      },
    );
  });

  it('encodes all of a codec that cannot be joined, and says so', async () => {
    const inputPath = await makeFilm('hevc.mp4', [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none',
    ]);
    const { result, file } = await trim({ inputPath, start: 3.1, end: 5.5, accurate: true });
    expect(result).toMatchObject({ mode: 'encode', reason: 'only H.264 can be joined, and its picture is hevc' });
    expect(Math.abs((await frameHashes(file)).length - 72)).toBeLessThanOrEqual(1);
    expect(result.encodedFrames).toBe(result.frames);
    await startTogether(file);
  });

  it('encodes all of a range without a whole group', async () => {
    const { result } = await trim({ inputPath: 'inbox/smart.mp4', start: 4.5, end: 5.5, accurate: true });
    expect(result).toMatchObject({ mode: 'encode', reason: 'the range holds no whole group of pictures', frames: 30 });
  });
});

describe('a range beyond the film', () => {
  it.each([
    [{ start: 25, end: 30 }, 'start (25 s) is beyond the film, which lasts 20'],
    [{ start: 5, end: 30 }, 'end (30 s) is beyond the film, which lasts 20'],
  ])('%j is refused', async (range, message) => {
    const inputPath = await makeFilm('short.mp4', x264());
    const job = await reelay.api.until(await reelay.api.submit('trim', { inputPath, ...range }), 'failed');
    expect(job.error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
    expect(job.error?.message).toContain(message);
  });

  it('one that ends before it starts is refused at once', async () => {
    const params = { inputPath: 'inbox/short.mp4', start: 5, end: 4 };
    const answer = await reelay.api.problem('POST', '/api/media/jobs', { type: 'trim', params });
    expect(answer.body.errors).toMatchObject([{ path: 'params.end', message: 'must be later than start' }]);
  });
});
