import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellQuote } from '../../tools/lib/ffmpeg.mjs';
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
/** ffmpeg's libraries fit into this much of address space, and an encode of 2160 lines never does. */
const TIGHT_KB = 700 * 1024;

let reelay: Reelay;
let worker: TestWorker;
let clip: string;
let limitFile: string;

beforeAll(async () => {
  reelay = await startReelay();
  limitFile = join(reelay.mediaRoot, '../limit');
  worker = await startTestWorker(reelay, 'encode', 'encoder', {
    FFMPEG_PATH: await writeLimitedFfmpeg(),
    ...(WHOLE_STALL ? {} : ablationEnv('short-stall')),
  });
  clip = await makeLongVideo(reelay.mediaRoot, 'clip.mp4', CLIP_SECONDS);
  await reelay.api.call('PATCH', '/api/media/settings', { retry: { baseSeconds: 0 } });
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});
afterAll(async () => {
  await worker.stop();
  await reelay.stop();
});

/** An ffmpeg whose next run has no more memory than a file says; that run takes the file away. */
async function writeLimitedFfmpeg(): Promise<string> {
  const script = join(reelay.mediaRoot, '../ffmpeg');
  const limit = shellQuote(limitFile);
  const program = shellQuote(reelay.stack.env.FFMPEG_PATH ?? '');
  const text = `#!/bin/sh\nif [ -e ${limit} ]; then ulimit -v "$(cat ${limit})"; rm ${limit}; fi\nexec ${program} "$@"\n`;
  await writeFile(script, text, { mode: 0o755 });
  return script;
}

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
      const { id, encoder } = await startEncode(reelay, clip);
      process.kill(encoder.pid, signal);
      await isHealed(id, code, CLIP_SECONDS);
    },
    500_000,
  );

  it('that gets too little memory fails its attempt; the next one makes the whole output', async () => {
    const inputPath = await makeVideo(reelay.mediaRoot, 'large.mp4', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=3840x2160:rate=30:duration=1'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ]);
    await writeFile(limitFile, String(TIGHT_KB));
    const id = await reelay.api.submit('reencode_streaming', { inputPath, force: true, preset: 'ultrafast' });
    await isHealed(id, 'ENCODER_CRASHED', 1);
  });

  it('that dies in every attempt fails the job once its retries are used up', async () => {
    const { id, encoder } = await startEncode(reelay, clip, { maxRetries: 2 });
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
    await expectSound(reelay, { failed: 1, recovered: 0 });
  });
});
