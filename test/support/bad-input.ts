import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { JOB_CONTRACTS, parametersJsonSchema, RENDITIONS_FILE, type JobDetail } from '@reelay/contracts';
import { expect } from 'vitest';
import { resolveFfmpeg } from '../../tools/lib/ffmpeg.mjs';
import { readCues } from './cues.js';
import { eventually } from './eventually.js';
import { decodeSegments } from './manifests.js';
import { makeVideo } from './media.js';
import { expectSound } from './oracle.js';
import { encodersOf } from './process-tree.js';
import { startReelay, type Reelay } from './reelay.js';

const run = promisify(execFile);

/** Most jobs of a request. */
const BULK = 100;
const WITHIN_MS = 240_000;
/** What a test of all of them may take: hundreds of short jobs. */
export const TEST_MS = WITHIN_MS + 120_000;

/** What the other inputs of a job are, where it takes several. */
const GOOD = 'inbox/good.mp4';

/** Small and quick, whatever a type does. */
const SMALL = { width: 64, height: 64, fps: 10 };

/** What `encode_rendition` is asked for. */
const RENDITIONS = {
  ...{ frameRate: '25', gopFrames: 25, speed: 'ultrafast' },
  renditions: [
    { name: 'small', width: 64, height: 36, level: '1.1', videoBitrateKbps: 60, maxrateKbps: 80, bufsizeKbps: 160 },
  ],
};

type Given = Readonly<Record<string, unknown>>;

/** What a type is given besides its input; or all that it is given, where the input is not what it works on first. */
type Way = Given | ((inputPath: string) => Given);

const isWhole = (way: Way): way is (inputPath: string) => Given => typeof way === 'function';

/** What each type is given, once for each of its ways. What is not named here is given nothing besides its input. */
const WAYS: Readonly<Record<string, readonly Way[]>> = {
  clip_generate: [{ ranges: [{ start: 0.1, end: 0.6 }] }],
  // Chunks that are of another film, as a rule; and a film of other chunks.
  concat_chunks: [{ parts: [GOOD] }, (input) => ({ inputPath: GOOD, parts: [input] })],
  compile_gif: [{ duration: 0.5, width: 64 }],
  compile_mega: [{ ...SMALL, crossfadeSeconds: 0.2 }],
  compile_quad: [SMALL],
  compile_random: [{ ...SMALL, clipSeconds: 0.5, seed: 1 }],
  encode_chunk: [
    { overrides: { video: { speed: 'ultrafast' } } },
    {
      overrides: { video: { speed: 'ultrafast' } },
      chunk: { index: 1, startSeconds: 0.4, endSeconds: 0.8, startFrame: 10, frames: 10 },
    },
  ],
  digest_generate: [{ targetLength: 1 }],
  encode_rendition: [RENDITIONS, { ...RENDITIONS, audio: { bitrateKbps: 64, channels: 1, sampleRate: 44_100 } }],
  highlight_generate: [{ targetLength: 1, clipSeconds: 1, crossfadeSeconds: 0.1 }],
  plan_ladder: [{ perTitle: true }],
  probe: [{ countFrames: true }],
  quality_check: [{ referencePath: GOOD }, (input) => ({ inputPath: GOOD, referencePath: input })],
  reencode_streaming: [{ force: true, preset: 'ultrafast' }, { targetBitrate: 200_000 }],
  scene_extract: [{ clips: true }],
  segment: [{ chunkSeconds: 2 }],
  tag_generation: [{ maxFrames: 2 }],
  thumbnail_generate: [{}, { kind: 'sprite', count: 4 }, { kind: 'preview' }, { kind: 'preview', format: 'webp' }],
  transcode: [{ preset: 'preview-240p' }, { preset: 'audio-aac' }],
  trim: [
    { start: 0, end: 0.5 },
    { start: 0.1, end: 0.6, accurate: true },
  ],
  validate: [{ decode: true }],
};

/** These take any file as it is; some away with it, so that what the others would be given is gone. */
const TAKING = ['move_to_library', 'upload_copy'];

/** How many inputs the types need that take several. */
const LEAST_INPUTS: Readonly<Record<string, number>> = { compile_quad: 4 };

/** How a job may say that its input is at fault. */
const FAULTS = [
  ...['INPUT_UNREADABLE', 'INVALID_PARAMETERS', 'INPUT_NOT_FOUND', 'PATH_OUTSIDE_LIBRARY', 'QUALITY_TOO_LOW'],
  // Of an input whose headers promise what is not in it, and of which ffmpeg did not complain.
  'OUTPUT_INVALID',
];

/** One job on one input. */
interface Trial {
  readonly what: string;
  readonly type: string;
  readonly params: Given;
}

/** How a trial ended: `completed`, or the code of its failure. */
interface Ending {
  readonly type: string;
  readonly what: string;
  readonly end: string;
}

/** Starts a Reelay with every worker, and a library with one good film. */
export async function startForBadInput(): Promise<Reelay> {
  const replicas = { 'worker-analyze': 1, 'worker-compile': 1, 'worker-encode': 1, 'worker-library': 1 };
  const reelay = await startReelay({ replicas, env: { FFMPEG_THREADS: '1' } });
  await makeVideo(reelay.mediaRoot, 'good.mp4', GOOD_FILM);
  return reelay;
}

/** The arguments that make a small film with sound. */
export const GOOD_FILM: readonly string[] = [
  ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=duration=1'],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
];

/** All job types that read an input, with what they take it as. A new type is among them by itself. */
export function readingTypes(): { type: string; several: boolean }[] {
  return [...JOB_CONTRACTS.values()].flatMap((contract) => {
    const { properties = {} } = parametersJsonSchema(contract) as { properties?: Record<string, unknown> };
    if (TAKING.includes(contract.type) || !('inputPath' in properties || 'inputPaths' in properties)) return [];
    return [{ type: contract.type, several: 'inputPaths' in properties }];
  });
}

/** What every job type is given for one input. */
export const trialsOn = (what: string, inputPath: string): Trial[] =>
  readingTypes().flatMap(({ type, several }) => {
    const others = Array.from({ length: (LEAST_INPUTS[type] ?? 2) - 1 }, () => GOOD);
    const input = several ? { inputPaths: [...others, inputPath] } : { inputPath };
    return (WAYS[type] ?? [{}]).map((way) => {
      const params = isWhole(way) ? way(inputPath) : { ...way, ...input };
      return { what, type, params };
    });
  });

/**
 * Runs every job type that reads a video on each input, and checks the rule for all: a job ends, at its first attempt,
 * as completed with outputs that play from start to end, or as failed by a fault of its input; and it leaves nothing
 * but its outputs.
 * @param inputs paths in the library, by what they are
 * @returns how each job ended
 */
export async function tryAll(reelay: Reelay, inputs: Readonly<Record<string, string>>): Promise<Ending[]> {
  const before = await filesOf(reelay);
  const trials = Object.entries(inputs).flatMap(([what, path]) => trialsOn(what, path));
  const submitted = await submitAll(reelay, trials);
  await allOver(reelay);
  const endings: Ending[] = [];
  const outputs: string[] = [];
  const breaches: string[] = [];
  for (const [index, trial] of trials.entries()) {
    const job = await reelay.api.job(submitted[index] ?? '');
    endings.push({ type: trial.type, what: trial.what, end: job.error?.code ?? job.status });
    outputs.push(...job.destinationPaths);
    const breach = await breachOf(reelay, job);
    if (breach !== null) breaches.push(`${JSON.stringify(trial)}: ${breach}`);
  }
  expect(breaches).toEqual([]);
  const folders = outputs.filter((path) => path.endsWith(RENDITIONS_FILE)).map((path) => dirname(path));
  const isOfFolder = (path: string): boolean => folders.some((folder) => path.startsWith(`${folder}/`));
  const alone = [...before, ...outputs].filter((path) => !isOfFolder(path));
  expect((await filesOf(reelay)).filter((path) => !isOfFolder(path))).toEqual(alone.sort());
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
  await expectSound(reelay, {});
  return endings;
}

/** The ids of the jobs, in order. */
async function submitAll(reelay: Reelay, trials: readonly Trial[]): Promise<string[]> {
  const submitted: string[] = [];
  for (let from = 0; from < trials.length; from += BULK) {
    const jobs = trials.slice(from, from + BULK).map(({ type, params }) => ({ type, params }));
    const { status, body } = await reelay.api.call<{ data: { id: string }[] }>('POST', '/api/media/jobs/bulk', {
      jobs,
    });
    expect(status).toBe(201);
    submitted.push(...body.data.map(({ id }) => id));
  }
  return submitted;
}

/** A job that is tried again is not waited for: that it is, breaks the rule. */
const allOver = (reelay: Reelay): Promise<unknown> =>
  eventually(
    'all jobs are over',
    async () => {
      const { data } = await reelay.api.jobs('?status=pending,queued,running&limit=100');
      const left = data.filter(({ retryCount }) => retryCount === 0);
      if (left.length === 0) return true;
      throw new Error(
        left.map(({ id, type, status, progress }) => `${type} ${status} ${String(progress)} % ${id}`).join(', '),
      );
    },
    WITHIN_MS,
  );

/** What a job did against the rule; null when nothing. */
async function breachOf(reelay: Reelay, job: JobDetail): Promise<string | null> {
  const { status, retryCount, error, destinationPaths } = job;
  if (retryCount > 0) return `it was tried again: ${JSON.stringify(error)}`;
  if (status === 'failed') {
    if (destinationPaths.length > 0) return `it failed and has outputs: ${destinationPaths.join(', ')}`;
    return FAULTS.includes(error?.code ?? '') && error?.retryable === false ? null : JSON.stringify(error);
  }
  if (status !== 'completed') return `it is ${status}`;
  for (const path of destinationPaths) {
    const fault = await decodeFault(join(reelay.mediaRoot, path));
    if (fault !== null) return `${path} does not play: ${fault}`;
  }
  return null;
}

/** What ffmpeg says against a file when it decodes all of it; null when nothing. It cannot read an animated WebP. */
async function decodeFault(file: string): Promise<string | null> {
  if (file.endsWith('.webp')) return null;
  if (file.endsWith(RENDITIONS_FILE)) return segmentsFault(dirname(file));
  if (file.endsWith('scenes.vtt')) return (await readFile(file, 'utf8')).includes(' --> ') ? null : 'it has no cues';
  if (file.endsWith('.vtt')) return readCues(await readFile(file, 'utf8')).length > 0 ? null : 'it has no cues';
  const { ffmpeg } = await resolveFfmpeg();
  const plainName = file.endsWith('.jpg') ? ['-f', 'image2', '-pattern_type', 'none'] : [];
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-xerror',
    ...plainName,
    '-i',
    `file:${file}`,
    '-map',
    '0',
    '-f',
    'null',
    '-',
  ];
  try {
    const { stderr } = await run(ffmpeg, args);
    return stderr === '' ? null : stderr;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The same for each segment in the folders of renditions, by itself. */
async function segmentsFault(folder: string): Promise<string | null> {
  const tracks = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name } of tracks) {
    const fault = await decodeSegments(join(folder, name)).then(
      () => null,
      (error: unknown) => String(error),
    );
    if (fault !== null) return fault;
  }
  return null;
}

/** All files of a library, relative to it. Only names of media are: a completed job's hidden names go a moment later. */
async function filesOf({ mediaRoot }: Reelay): Promise<string[]> {
  const list = async (): Promise<string[]> => {
    const entries = await readdir(mediaRoot, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(mediaRoot.length + 1));
  };
  await eventually('no hidden file is left', async () => !(await list()).some((path) => /(^|\/)\./.test(path)));
  return (await list()).sort();
}
