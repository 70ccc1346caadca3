import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo, probeFile } from '../support/media.js';
import { encodersOf, stateOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Promise of the product: a cancelled job's ffmpeg is gone within this time. */
const CANCELLED_WITHIN_MS = 3_000;
const CLIP_SECONDS = 30;

let reelay: Reelay;
let clip: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-encode': 1, 'worker-library': 1 } });
  clip = await makeLongVideo(reelay.mediaRoot, 'clip.mp4', CLIP_SECONDS);
});
afterAll(() => reelay.stop());

const act = (id: string, action: string) => reelay.api.call<JobDetail>('POST', `/api/media/jobs/${id}/${action}`);

async function encoding(): Promise<string> {
  const id = await reelay.api.submit('reencode_streaming', { inputPath: clip, force: true, preset: 'veryfast' });
  await eventually('the encode is under way', async () => (await reelay.api.job(id)).progress >= 5);
  return id;
}

const hidden = async (): Promise<string[]> =>
  (await readdir(join(reelay.mediaRoot, 'playback'))).filter((name) => name.startsWith('.'));

describe('a running encode', () => {
  it('that is cancelled leaves neither ffmpeg nor file within 3 s', async () => {
    const id = await encoding();
    expect((await act(id, 'cancel')).body.status).toBe('cancelled');
    await eventually(
      'ffmpeg is gone',
      async () => (await encodersOf(reelay.mediaRoot)).length === 0,
      CANCELLED_WITHIN_MS,
    );
    await eventually(
      'its files are gone',
      async () => (await readdir(join(reelay.mediaRoot, 'playback'))).length === 0,
    );
    expect((await reelay.api.job(id)).status).toBe('cancelled');
  });

  it('that is paused stops, gives its slot to another, and goes on where it was', async () => {
    const id = await encoding();
    const [encoder] = await encodersOf(reelay.mediaRoot);
    expect((await act(id, 'pause')).body.status).toBe('paused');
    await eventually('ffmpeg is stopped', async () => (await stateOf(encoder!.pid)) === 'T');

    const short = await makeLongVideo(reelay.mediaRoot, 'short.mp4', 2);
    await reelay.api.until(
      await reelay.api.submit('reencode_streaming', { inputPath: short, force: true }),
      'completed',
    );
    expect(await stateOf(encoder!.pid)).toBe('T');
    // Longer than a lease: a paused attempt is still its worker's.
    await sleep(17_000);

    expect((await act(id, 'resume')).body.status).toBe('running');
    const job = await reelay.api.until(id, 'completed', 60_000);
    const attempts = await reelay.api.call<{ data: unknown[] }>('GET', `/api/media/jobs/${id}/attempts`);
    expect(attempts.body.data).toHaveLength(1);
    const output = await probeFile(join(reelay.mediaRoot, job.destinationPaths[0] ?? ''));
    expect(Math.abs(Number(output.format.duration) - CLIP_SECONDS)).toBeLessThan(0.5);
  });

  it('that is cancelled while it is paused is gone as well', async () => {
    const id = await encoding();
    await act(id, 'pause');
    const [encoder] = await encodersOf(reelay.mediaRoot);
    await eventually('ffmpeg is stopped', async () => (await stateOf(encoder!.pid)) === 'T');
    await act(id, 'cancel');
    await eventually(
      'ffmpeg is gone',
      async () => (await encodersOf(reelay.mediaRoot)).length === 0,
      CANCELLED_WITHIN_MS,
    );
    await eventually('no hidden file is left', async () => (await hidden()).length === 0);
  });

  it('is given back when its worker is told to stop, and counts as no failure', async () => {
    const drained = await startReelay({
      replicas: { 'worker-encode': 2 },
      env: { WORKER_GRACE_SECONDS: '1' },
    });
    try {
      const inputPath = await makeLongVideo(drained.mediaRoot, 'clip.mp4', CLIP_SECONDS);
      const id = await drained.api.submit('reencode_streaming', { inputPath, force: true, preset: 'veryfast' });
      await eventually('the encode is under way', async () => (await drained.api.job(id)).progress >= 5);
      const { worker } = await drained.api.job(id);
      await drained.api.call('POST', `/api/media/workers/${worker ?? ''}/drain`);
      const job = await drained.api.until(id, 'completed', 60_000);
      expect(job.worker).not.toBe(worker);
      expect(job).toMatchObject({ retryCount: 0, error: null });
    } finally {
      await drained.stop();
    }
  });
});
