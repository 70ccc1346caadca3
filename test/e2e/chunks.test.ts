import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeInChunks, segmentFilm, type ChunkedEncode } from '../support/chunked.js';
import { countPictures, frameTimes, makeVideo, probeFile, ssimOf, turnVideo } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** A film is segmented, encoded chunk by chunk and in one go, joined and compared: on a slow machine. */
const TEST_MS = 300_000;
const ENCODE_MS = 120_000;

const CHUNK_SECONDS = 4;
const FILM_SECONDS = 14;

const ENCODING = { preset: 'web-480p', overrides: { video: { speed: 'veryfast' } } };

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({
    replicas: { 'worker-encode': 2 },
    env: { FFMPEG_THREADS: '1' },
  });
});
afterAll(() => reelay.stop());

const inLibrary = (path: string): string => join(reelay.mediaRoot, path);

const sine = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${String(FILM_SECONDS)}`];
const moving = (form: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=${form}:duration=${String(FILM_SECONDS)}`];
const x264 = (...more: string[]): string[] => ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', ...more];
/** A key picture each second. */
const keys = (fps: number): string[] => ['-g', String(fps), '-bf', '3', '-pix_fmt', 'yuv420p'];
const open = ['-bf', '3', '-pix_fmt', 'yuv420p', '-x264-params', 'open-gop=1:keyint=30:min-keyint=30:scenecut=0'];

const make = (name: string, args: readonly string[]): Promise<string> =>
  makeVideo(reelay.mediaRoot, name, [...args, '-c:a', 'aac']);

/** What films are made of, by what is odd about them. */
const FILMS: Readonly<Record<string, () => Promise<string>>> = {
  'with sound and reordered pictures': () =>
    make('plain.mp4', [...moving('size=640x360:rate=25'), ...sine, ...x264(...keys(25))]),
  'with open groups of pictures, in an MP4': () =>
    make('open.mp4', [...moving('size=320x180:rate=30'), ...sine, ...x264(...open)]),
  'with open groups of pictures, in a transport stream': () =>
    make('stream.ts', [...moving('size=320x180:rate=30000/1001'), ...sine, ...x264(...open)]),
  'with pictures at uneven times': () =>
    make('uneven.mkv', [
      ...[...moving('size=320x180:rate=30'), ...sine, '-vf', "select='lt(mod(t,6),3)+not(mod(n,7))'"],
      ...['-fps_mode', 'vfr', '-force_key_frames', 'expr:gte(t,n_forced)', ...x264('-bf', '3', '-pix_fmt', 'yuv420p')],
    ]),
  'of odd size': () =>
    make('odd.mkv', [...moving('size=321x181:rate=24'), ...sine, ...x264('-g', '24', '-pix_fmt', 'yuv444p')]),
  'without sound': () => make('mute.mp4', [...moving('size=320x180:rate=24000/1001'), ...x264(...keys(24))]),
  'that players turn': async () =>
    turnVideo(
      reelay.mediaRoot,
      'turned.mp4',
      await make('flat.mp4', [...moving('size=320x180:rate=25'), ...sine, ...x264(...keys(25))]),
    ),
  'whose last picture is shown for long': () =>
    make('still.mp4', [
      ...[...moving('size=320x180:rate=10'), ...x264('-g', '10', '-bf', '0', '-pix_fmt', 'yuv420p')],
      ...['-bsf:v', `setts=duration=if(eq(N\\,${String(FILM_SECONDS * 10 - 1)})\\,3/TB\\,DURATION)`],
    ]),
  'whose picture starts after its sound': () =>
    make('late.mkv', [
      ...['-itsoffset', '0.7', ...moving('size=320x180:rate=25'), ...sine, ...x264(...keys(25)), '-t', '12'],
    ]),
};

/** The same film, encoded in one go by the same settings. */
async function encodeAtOnce(inputPath: string): Promise<string> {
  // A transcode adds pictures where times are uneven, if only by rounding: then nothing could be compared one by one.
  const type = /uneven|late|still|odd|stream/.test(inputPath) ? 'encode_chunk' : 'transcode';
  const outputPath = `clips/at-once-${inputPath.replaceAll(/[^a-z0-9]/g, '-')}.mp4`;
  const id = await reelay.api.submit(type, { inputPath, outputPath, ...ENCODING });
  return inLibrary((await reelay.api.until(id, 'completed', ENCODE_MS)).destinationPaths[0] ?? '');
}

interface Starts {
  readonly video: number;
  readonly audio: number | null;
}

const startsOf = async (file: string): Promise<Starts> => {
  const { streams } = await probeFile(file);
  const of = (type: string): number | null => {
    const stream = streams.find(({ codec_type }) => codec_type === type);
    return stream === undefined ? null : Number(stream.start_time);
  };
  return { video: of('video') ?? NaN, audio: of('audio') };
};

async function durationOf(file: string): Promise<number> {
  return Number((await probeFile(file)).format.duration);
}

/** The chunks are all of the film, one after the other, and long enough. */
function expectWhole({ plan, chunks }: ChunkedEncode): void {
  expect(plan.chunks.length).toBeGreaterThan(2);
  let frame = 0;
  for (const [index, chunk] of plan.chunks.entries()) {
    expect(chunk).toMatchObject({ index, startFrame: frame });
    if (index > 0) expect(chunk.startSeconds).toBe(plan.chunks[index - 1]?.endSeconds);
    if (index < plan.chunks.length - 1) {
      expect(chunk.endSeconds - chunk.startSeconds).toBeGreaterThanOrEqual(CHUNK_SECONDS);
    }
    frame += chunk.frames;
  }
  expect(frame).toBe(plan.frames);
  expect(chunks.map(({ frames }) => frames)).toEqual(plan.chunks.map(({ frames }) => frames));
}

describe('a film encoded in chunks', () => {
  it.each(Object.keys(FILMS))(
    '%s, has all pictures at their times, its sound with them, and the quality of one encoded at once',
    async (what) => {
      const inputPath = await FILMS[what]!();
      const source = inLibrary(inputPath);
      const encode = await encodeInChunks(reelay, inputPath, CHUNK_SECONDS, ENCODING);
      expectWhole(encode);
      const output = inLibrary(encode.joined.outputPath);
      expect(encode.joined.outputPath).toMatch(/^playback\/.*-web-480p\.mp4$/);
      const frames = await countPictures(source);
      expect(await countPictures(output)).toBe(frames);
      expect(encode.joined).toMatchObject({ frames, parts: encode.plan.chunks.length });
      for (const [index, { outputPath }] of encode.chunks.entries()) {
        expect(await countPictures(inLibrary(outputPath))).toBe(encode.plan.chunks[index]?.frames);
      }

      const [found, wanted] = await Promise.all([frameTimes(output), frameTimes(source)]);
      const off = found.map((time, at) => Math.abs(time - (found[0] ?? 0) - ((wanted[at] ?? 0) - (wanted[0] ?? 0))));
      expect(Math.max(...off)).toBeLessThan(0.002);
      const seconds = await durationOf(source);
      expect(Math.abs((await durationOf(output)) - seconds)).toBeLessThan(Math.max(0.2, seconds / 100));
      const [is, was] = await Promise.all([startsOf(output), startsOf(source)]);
      expect(is.audio === null).toBe(was.audio === null);
      if (is.audio !== null && was.audio !== null) {
        expect(Math.abs(is.audio - is.video - (was.audio - was.video))).toBeLessThan(0.05);
      }

      const atOnce = await ssimOf(await encodeAtOnce(inputPath), source);
      const inChunks = await ssimOf(output, source);
      expect(atOnce).toBeGreaterThan(0.85);
      expect(Math.abs(inChunks - atOnce)).toBeLessThan(0.005);
    },
    TEST_MS,
  );

  it('is a video of the library, made from the film, and its chunks are none', async () => {
    const paths = ['inbox/plain.mp4', 'playback/plain-web-480p.mp4'];
    const { body } = await reelay.api.call<{ data: { path: string }[] }>('GET', '/api/media/videos?limit=100');
    const listed = body.data.map(({ path }) => path);
    expect(listed).toEqual(expect.arrayContaining(paths));
    expect(listed.filter((path) => path.startsWith('work/'))).toEqual([]);
  });

  it.each<[string, readonly string[], string, Record<string, unknown>]>([
    ['HEVC in a Matroska', ['hevc', 'aac'], 'hevc-1080p', { container: 'mkv', audio: { codec: 'copy' } }],
    ['AV1 in an MP4', ['av1', 'aac'], 'av1-1080p', {}],
    ['VP9 and Opus in a WebM', ['vp9', 'opus'], 'vp9-1080p', {}],
  ])(
    'can be %s',
    async (_, codecs, preset, overrides) => {
      const inputPath = await FILMS['with open groups of pictures, in an MP4']!();
      const source = inLibrary(inputPath);
      const encoding = { preset, overrides: { ...overrides, video: { speed: 'ultrafast' } } };
      const { joined } = await encodeInChunks(reelay, inputPath, 6, encoding);
      const output = inLibrary(joined.outputPath);
      const { streams } = await probeFile(output);
      expect(streams.map(({ codec_name }) => codec_name)).toEqual(codecs);
      expect(await countPictures(output)).toBe(await countPictures(source));
      expect(Math.abs((await durationOf(output)) - (await durationOf(source)))).toBeLessThan(0.2);
      expect(await ssimOf(output, source)).toBeGreaterThan(0.85);
    },
    TEST_MS,
  );
});

describe('what cannot be encoded in chunks', () => {
  const fails = async (type: string, params: Record<string, unknown>, message: string): Promise<void> => {
    const job = await reelay.api.until(await reelay.api.submit(type, params), 'failed', ENCODE_MS);
    expect(job.error).toMatchObject({ code: 'INVALID_PARAMETERS', retryable: false });
    expect(job.error?.message).toContain(message);
  };

  it('a film by a preset that would drop pictures', async () => {
    const params = { inputPath: 'inbox/plain.mp4', preset: 'preview-240p' };
    await fails('encode_chunk', params, 'the preset keeps 6 s only');
    const overrides = { maxSeconds: null, audio: { codec: 'none' } };
    await fails('encode_chunk', { ...params, overrides }, 'chunks keep every picture: override video.maxFps with null');
  });

  it('a chunk of another film', async () => {
    const plan = await segmentFilm(reelay, 'inbox/plain.mp4', CHUNK_SECONDS);
    const chunk = { ...plan.chunks[1], frames: 3 };
    await fails('encode_chunk', { inputPath: 'inbox/plain.mp4', chunk, ...ENCODING }, 'is not one of this film');
  });

  it('chunks of which one is missing', async () => {
    const parts = ['work/plain-chunk-0000.mp4', 'work/plain-chunk-0002.mp4'];
    await fails('concat_chunks', { inputPath: 'inbox/plain.mp4', parts, ...ENCODING }, 'do not make up the film');
  });

  it('chunks that were encoded in different ways', async () => {
    const parts = ['work/plain-chunk-0000.mp4', 'work/odd-chunk-0001.mp4'];
    await fails('concat_chunks', { inputPath: 'inbox/plain.mp4', parts, ...ENCODING }, 'with other settings than');
  });
});
