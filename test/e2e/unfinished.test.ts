import type { JobStatus } from '@reelay/contracts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { makeLongVideo } from '../support/media.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-analyze': 1 } });
});
afterAll(() => reelay.stop());

const clips = (): Promise<string[]> => readdir(join(reelay.mediaRoot, 'clips'));

/** Ends all programs of a job until it is over. */
const killEncodersOf = (id: string): Promise<unknown> =>
  eventually('the job ends', async () => {
    for (const { pid } of await encodersOf(reelay.mediaRoot)) process.kill(pid, 'SIGKILL');
    return (await reelay.api.job(id)).completedAt !== null;
  });

it.each<[string, JobStatus, (id: string) => Promise<unknown>]>([
  ['is cancelled', 'cancelled', (id) => reelay.api.call('POST', `/api/media/jobs/${id}/cancel`)],
  ['fails with no retry left', 'failed', killEncodersOf],
])('the outputs that were finished go again when a job of several %s', async (_, status, end) => {
  const inputPath = await makeLongVideo(reelay.mediaRoot, `${status}.mp4`, 30);
  // The first is copied at once; the second is encoded at both its ends.
  const ranges = [
    { start: 0, end: 1 },
    { start: 0.5, end: 29 },
  ];
  const params = { inputPath, ranges, accurate: true };
  const id = await reelay.api.submit('clip_generate', params, { maxRetries: 0 });
  await eventually('the first clip is there, and the second is being made', async () => {
    const hasFirst = (await clips()).includes(`${status}-clip-1.mp4`);
    return hasFirst && (await encodersOf(reelay.mediaRoot)).length > 0;
  });
  await end(id);
  await reelay.api.until(id, status);
  await eventually('no clip of it is left', async () => (await clips()).length === 0);
});
