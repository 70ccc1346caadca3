import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ablationEnv } from '../support/ablation.js';
import { attemptsOf, hiddenFiles, startEncode } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { makeLongVideo, makeVideo, probeFile } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

/** The stall watch waits for two minutes. `npm run faults` waits with it; every `npm test` has it look sooner. */
const WHOLE_STALL = process.env.FAULT_STALL === 'whole';
/** Long enough to be struck in the middle. */
const CLIP_SECONDS = 8;
/** A short encode stays below all of these. */
const MEMORY = { FFMPEG_MAX_MEMORY_MB: '300' };
const TIME_AND_SIZE = { FFMPEG_MAX_CPU_SECONDS: '4', FFMPEG_MAX_FILE_MB: '2' };
/** Names of hosts, by which a job chooses its worker. */
const FREE = { target: 'free' };
const LITTLE_MEMORY = { target: 'little-memory', maxRetries: 1 };
const LITTLE_TIME = { target: 'little-time', maxRetries: 1 };

let reelay: Reelay;
const workers: TestWorker[] = [];
let clip: string;

beforeAll(async () => {
  reelay = await startReelay();
  const hurried = WHOLE_STALL ? {} : ablationEnv('short-stall');
  workers.push(
    await startTestWorker(reelay, 'encode', 'free', { WORKER_HOST: 'free', SANDBOX: 'required', ...hurried }),
  );
  for (const [name, limits] of Object.entries({ 'little-memory': MEMORY, 'little-time': TIME_AND_SIZE })) {
    workers.push(await startTestWorker(reelay, 'encode', name, { WORKER_HOST: name, ...limits }));
  }
  clip = await makeLongVideo(reelay.mediaRoot, 'clip.mp4', CLIP_SECONDS);
  await reelay.api.call('PATCH', '/api/media/settings', { retry: { baseSeconds: 0 } });
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === 3);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await reelay.stop();
});

/** Waits until a job is completed, and checks that its first attempt failed with this code and its second did all. */
async function isHealed(id: string, code: string, seconds: number): Promise<void> {
  const job = await reelay.api.until(id, 'completed', 400_000);
  const attempts = await attemptsOf(reelay, id);
  expect(attempts.map(({ status, error }) => [status, error?.code])).toEqual([
    ['failed', code],
    ['completed', undefined],
  ]);
  expect(job).toMatchObject({ retryCount: 1, error: null });
  const output = await probeFile(join(reelay.mediaRoot, job.destinationPaths[0] ?? ''));
  expect(Math.abs(Number(output.format.duration) - seconds)).toBeLessThan(0.5);
  expect(await hiddenFiles(reelay)).toEqual([]);
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
}

const STRIKES: readonly (readonly [what: string, signal: NodeJS.Signals, code: string])[] = [
  ['is killed', 'SIGKILL', 'ENCODER_CRASHED'],
  ['is told to end', 'SIGTERM', 'ENCODER_CRASHED'],
  ['stands still', 'SIGSTOP', 'ENCODER_STALLED'],
];

describe('an ffmpeg', () => {
  it.each(STRIKES)(
    'that %s fails its attempt; the next one makes the whole output',
    async (_, signal, code) => {
      const { id, encoder } = await startEncode(reelay, clip, FREE);
      process.kill(encoder.pid, signal);
      await isHealed(id, code, CLIP_SECONDS);
    },
    500_000,
  );

  it('that dies in every attempt fails the job once its retries are used up', async () => {
    const { id, encoder } = await startEncode(reelay, clip, { ...FREE, maxRetries: 2 });
    process.kill(encoder.pid, 'SIGKILL');
    const struck = new Set([encoder.pid]);
    const job = await eventually(
      'the job has failed',
      async () => {
        for (const { pid } of await encodersOf(reelay.mediaRoot)) {
          if (struck.has(pid)) continue;
          struck.add(pid);
          process.kill(pid, 'SIGKILL');
        }
        const now = await reelay.api.job(id);
        return now.status === 'failed' ? now : null;
      },
      60_000,
    );
    expect(job).toMatchObject({ retryCount: 2, error: { code: 'ENCODER_CRASHED', retryable: true } });
    expect((await attemptsOf(reelay, id)).map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  });
});

describe('an ffmpeg that its worker limits', () => {
  /** Waits until a job has failed, and returns the code of each of its attempts. */
  async function failures(params: Record<string, unknown>, where: typeof LITTLE_TIME): Promise<(string | undefined)[]> {
    const id = await reelay.api.submit('reencode_streaming', { force: true, ...params }, where);
    const job = await reelay.api.until(id, 'failed', 120_000);
    const attempts = await attemptsOf(reelay, id);
    const code = attempts.at(-1)?.error?.code;
    expect(job).toMatchObject({ retryCount: attempts.length - 1, destinationPaths: [], error: { code } });
    expect(job.error?.message).toContain('FFMPEG_MAX_');
    expect(await hiddenFiles(reelay)).toEqual([]);
    expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
    return attempts.map(({ error }) => error?.code);
  }

  it('and that needs more memory fails the job, after a retry', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'large.mp4', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=3840x2160:rate=30:duration=1'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ]);
    expect(await failures({ inputPath, preset: 'ultrafast' }, LITTLE_MEMORY)).toEqual([
      'OUT_OF_MEMORY',
      'OUT_OF_MEMORY',
    ]);
  });

  it('and that takes more CPU time fails the job at once', async () => {
    expect(await failures({ inputPath: clip, preset: 'slower' }, LITTLE_TIME)).toEqual(['CPU_TIME_EXCEEDED']);
  });

  it('and that writes a larger file fails the job at once', async () => {
    const large = { inputPath: clip, preset: 'ultrafast', crf: 1, targetBitrate: 100_000 };
    expect(await failures(large, LITTLE_TIME)).toEqual(['TOO_LARGE']);
  });

  it('does what stays within the limits', async () => {
    const inputPath = await makeLongVideo(reelay.mediaRoot, 'short.mp4', 1);
    for (const where of [LITTLE_MEMORY, LITTLE_TIME]) {
      const id = await reelay.api.submit('reencode_streaming', { inputPath, force: true, preset: 'ultrafast' }, where);
      await reelay.api.until(id, 'completed', 60_000);
      expect(await attemptsOf(reelay, id)).toHaveLength(1);
    }
    await expectSound(reelay, { failed: 4, recovered: 0 });
  });
});
