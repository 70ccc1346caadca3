import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attemptStates, startEncode } from '../support/encodes.js';
import { makeLongVideo, probeFile } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const CLIP_SECONDS = 8;

let reelay: Reelay;
const workers: TestWorker[] = [];

beforeAll(async () => {
  reelay = await startReelay();
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await reelay.stop();
});

async function startWorker(name: string, graceSeconds: number): Promise<TestWorker> {
  const worker = await startTestWorker(reelay, 'encode', name, { WORKER_GRACE_SECONDS: String(graceSeconds) });
  workers.push(worker);
  return worker;
}

const durationOf = async (path: string | undefined): Promise<number> =>
  Number((await probeFile(join(reelay.mediaRoot, path ?? ''))).format.duration);

describe('a worker that is told to end in mid-encode', () => {
  it('ends the encode first, where the grace period allows it', async () => {
    const worker = await startWorker('patient', 60);
    const clip = await makeLongVideo(reelay.mediaRoot, 'patient.mp4', CLIP_SECONDS);
    const { id } = await startEncode(reelay, clip);
    process.kill(worker.pid, 'SIGTERM');
    expect(await worker.exited).toBe('ended with exit code 0');
    const job = await reelay.api.until(id, 'completed');
    expect(await attemptStates(reelay, id)).toEqual(['completed']);
    expect(Math.abs((await durationOf(job.destinationPaths[0])) - CLIP_SECONDS)).toBeLessThan(0.5);
  });

  it('gives it back after the grace period, as no failure, and leaves nothing behind', async () => {
    const worker = await startWorker('hasty', 0);
    const clip = await makeLongVideo(reelay.mediaRoot, 'hasty.mp4', CLIP_SECONDS);
    const { id } = await startEncode(reelay, clip);
    process.kill(worker.pid, 'SIGTERM');
    expect(await worker.exited).toBe('ended with exit code 0');
    expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
    expect((await readdir(join(reelay.mediaRoot, 'playback'))).filter((name) => name !== 'patient.mp4')).toEqual([]);
    expect(existsSync(join(reelay.mediaRoot, '../work-hasty', String(worker.pid)))).toBe(false);
    const waiting = await reelay.api.until(id, 'pending');
    expect(waiting).toMatchObject({ retryCount: 0, progress: 0, error: null });
    expect(await attemptStates(reelay, id)).toEqual(['stopped']);

    await startWorker('next', 60);
    const job = await reelay.api.until(id, 'completed', 90_000);
    expect(await attemptStates(reelay, id)).toEqual(['stopped', 'completed']);
    expect(job).toMatchObject({ retryCount: 0, error: null, worker: 'next' });
    expect(Math.abs((await durationOf(job.destinationPaths[0])) - CLIP_SECONDS)).toBeLessThan(0.5);
    await expectSound(reelay, { accepted: 2, ok: 2, recovered: 1 });
  });
});
