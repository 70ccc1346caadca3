import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutAt, flipBits, MISLEADING, noise, putFile, putLink, putPipe } from '../support/bad-files.js';
import { attemptsOf } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { makeVideo, probeFile } from '../support/media.js';
import { encodersOf } from '../support/process-tree.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Work on a few seconds of small pictures; a job that is not over by then hangs. */
const WITHIN_MS = 60_000;
const CLIP_SECONDS = 6;

/** What each job type is given besides its input. */
const JOBS = {
  digest_generate: { targetLength: 2 },
  highlight_generate: { targetLength: 3, clipSeconds: 1 },
  probe: { countFrames: true },
  quality_check: { referencePath: 'inbox/whole.mp4' },
  reencode_streaming: { force: true, preset: 'ultrafast' },
  scene_extract: {},
  thumbnail_generate: { timestamp: 5 },
  validate: { decode: true },
} as const;
type Type = keyof typeof JOBS;
const TYPES = Object.keys(JOBS) as Type[];
/** Those whose output is a film. */
const MAKES_FILM: readonly Type[] = ['digest_generate', 'highlight_generate', 'reencode_streaming'];

let reelay: Reelay;
/** An MP4 with its index in front, and a transport stream, of the same pictures. */
let whole: Buffer;
let stream: Buffer;

const random = randomFrom(SEED);

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-analyze': 1, 'worker-encode': 1, 'worker-library': 1 } });
  const source = [
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${String(CLIP_SECONDS)}`],
    ...['-f', 'lavfi', '-i', `sine=duration=${String(CLIP_SECONDS)}`],
    ...['-c:v', 'libx264', '-g', '25', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ];
  const read = async (path: string): Promise<Buffer> => readFile(join(reelay.mediaRoot, path));
  whole = await read(await makeVideo(reelay.mediaRoot, 'whole.mp4', [...source, '-movflags', '+faststart']));
  stream = await read(await makeVideo(reelay.mediaRoot, 'whole.ts', source));
});
afterAll(() => reelay.stop());

const put = (name: string, content: Buffer | string): Promise<string> => putFile(reelay.mediaRoot, name, content);
const link = (name: string, target: string): Promise<string> => putLink(reelay.mediaRoot, name, target);

/** Waits until a job is over, and checks that it was tried once and that nothing is left of it but its output. */
async function ended(type: Type, inputPath: string): Promise<JobDetail> {
  const id = await reelay.api.submit(type, { inputPath, ...JOBS[type] });
  const job = await eventually(
    `the ${type} of ${inputPath} is over`,
    async () => {
      const now = await reelay.api.job(id);
      return ['completed', 'failed'].includes(now.status) || now.retryCount > 0 ? now : null;
    },
    WITHIN_MS,
  );
  // What is wrong with the file is wrong in every attempt.
  expect([type, job.retryCount, job.retryCount > 0 ? await attemptsOf(reelay, id) : []]).toEqual([type, 0, []]);
  expect((await attemptsOf(reelay, id)).length).toBe(1);
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
  const files = await readdir(reelay.mediaRoot, { recursive: true, withFileTypes: true });
  expect(files.filter(({ name }) => name.startsWith('.')).map(({ name }) => name)).toEqual([]);
  return job;
}

async function refuses(type: Type, inputPath: string, ...codes: string[]): Promise<void> {
  const job = await ended(type, inputPath);
  expect([type, job.status]).toEqual([type, 'failed']);
  expect(codes).toContain(job.error?.code);
  expect(job).toMatchObject({ destinationPaths: [], error: { retryable: false } });
}

/** An output that a job calls its own lasts as long as it says, and plays to its end. */
async function isSound(job: JobDetail): Promise<void> {
  const file = join(reelay.mediaRoot, job.destinationPaths[0] ?? '');
  const { format, streams } = await probeFile(file);
  const { media } = job.result as { media: { durationSeconds: number } };
  expect(Math.abs(Number(format.duration) - media.durationSeconds)).toBeLessThan(0.3);
  expect(streams.map(({ codec_type }) => codec_type)).toContain('video');
}

/** Files of which nothing can be made, with the code that says so. */
const HOPELESS: readonly (readonly [what: string, make: () => Promise<string>, code: string])[] = [
  ['an empty file', () => put('empty.mp4', ''), 'INPUT_UNREADABLE'],
  [`random bytes (seed ${String(SEED)})`, () => put('random.mp4', noise(random, 100_000)), 'INPUT_UNREADABLE'],
  ['a file of one byte', () => put('byte.mkv', '\0'), 'INPUT_UNREADABLE'],
  ['a playlist under the name of a video', () => put('playlist.mp4', MISLEADING.playlist), 'INPUT_UNREADABLE'],
  ['a script of files under the name of a video', () => put('script.mp4', MISLEADING.script), 'INPUT_UNREADABLE'],
  ['an MP4 whose index, at its end, is cut off', () => unindexed(), 'INPUT_UNREADABLE'],
  ['a pipe', () => putPipe(reelay.mediaRoot, 'pipe.mp4'), 'INPUT_UNREADABLE'],
  ['a folder', () => Promise.resolve('inbox'), 'INPUT_UNREADABLE'],
  ['a device', () => link('device.mp4', '/dev/zero'), 'PATH_OUTSIDE_LIBRARY'],
  ['a link out of the library', () => link('passwd.mp4', '/etc/passwd'), 'PATH_OUTSIDE_LIBRARY'],
  ['a link to nothing', () => link('nothing.mp4', 'no-such-file.mp4'), 'INPUT_NOT_FOUND'],
];

async function unindexed(): Promise<string> {
  const path = await makeVideo(reelay.mediaRoot, 'indexed-last.mp4', ['-i', inInbox('whole.mp4'), '-c', 'copy']);
  const content = await readFile(join(reelay.mediaRoot, path));
  return put('unindexed.mp4', cutAt(content, 0.7));
}

const inInbox = (name: string): string => join(reelay.mediaRoot, 'inbox', name);

describe('each job type refuses, at once and once only,', () => {
  it.each(HOPELESS)('%s', async (_, make, code) => {
    const inputPath = await make();
    for (const type of TYPES) await refuses(type, inputPath, code);
  });
});

describe('of a film that is damaged', () => {
  /** Nothing is completed that is not what it says; a check says that the film is not valid. */
  async function endsWell(inputPath: string): Promise<Record<string, string>> {
    const ends: Record<string, string> = {};
    for (const type of TYPES) {
      const job = await ended(type, inputPath);
      ends[type] = job.error?.code ?? job.status;
      if (job.status === 'failed') {
        // The last one: its headers promise what is not in it, and ffmpeg did not complain.
        expect(['INPUT_UNREADABLE', 'QUALITY_TOO_LOW', 'OUTPUT_INVALID']).toContain(job.error?.code);
        expect(job.error?.retryable).toBe(false);
      } else if (MAKES_FILM.includes(type)) {
        await isSound(job);
      }
    }
    return ends;
  }
  const isFoundInvalid = async (inputPath: string): Promise<void> => {
    const job = await ended('validate', inputPath);
    if (job.status === 'completed') expect(job.result).toMatchObject({ valid: false });
    else expect(job.error?.code).toBe('INPUT_UNREADABLE');
  };

  it('the second half is missing: it is not valid, and no shorter one is made of it', async () => {
    const inputPath = await put('half.mp4', cutAt(whole, 0.5));
    await isFoundInvalid(inputPath);
    await refuses('reencode_streaming', inputPath, 'INPUT_UNREADABLE');
    await endsWell(inputPath);
    const head = await put('head.mp4', whole.subarray(0, 700));
    await isFoundInvalid(head);
    await refuses('reencode_streaming', head, 'INPUT_UNREADABLE');
    await endsWell(head);
  });

  it(`bits were flipped all over it (seed ${String(SEED)}): it is not valid, and what is made of it is sound`, async () => {
    const data = { from: whole.indexOf('mdat') + 4, to: whole.length };
    const inputPath = await put('flipped.mp4', flipBits(random, whole, data, 2_000));
    await isFoundInvalid(inputPath);
    await endsWell(inputPath);
  });

  it(`bits of its index were flipped (seed ${String(SEED)}): nothing hangs, and nothing unsound is made`, async () => {
    for (let round = 0; round < 3; round++) {
      const index = { from: 40, to: whole.indexOf('mdat') };
      await endsWell(await put(`index-${String(round)}.mp4`, flipBits(random, whole, index, 10)));
    }
  });

  it('half of a transport stream is a shorter film, or none', async () => {
    const inputPath = await put('half.ts', cutAt(stream, 0.5));
    await endsWell(inputPath);
    const middle = await put('middle.ts', stream.subarray(Math.floor(stream.length / 3)));
    await endsWell(middle);
  });
});

describe('of what is whole and odd', () => {
  it('sound without a picture is refused where a picture is needed', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'sound.mp4', ['-i', inInbox('whole.mp4'), '-vn', '-c', 'copy']);
    for (const type of TYPES.filter((each) => each !== 'validate')) await refuses(type, inputPath, 'INPUT_UNREADABLE');
    expect((await ended('validate', inputPath)).result).toMatchObject({ valid: false });
  });

  it('a picture of one pixel is either refused, or done right', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'pixel.mkv', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=25:duration=2,scale=1:1', '-c:v', 'ffv1', '-pix_fmt', 'bgr0'],
    ]);
    for (const type of TYPES.filter((each) => each !== 'quality_check')) {
      const job = await ended(type, inputPath);
      if (job.status === 'failed') {
        expect(['INPUT_UNREADABLE', 'INVALID_PARAMETERS']).toContain(job.error?.code);
        expect(job.error?.retryable).toBe(false);
      } else if (job.destinationPaths.length > 0 && MAKES_FILM.includes(type)) {
        await isSound(job);
      }
    }
  });
});
