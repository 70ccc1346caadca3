import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptStates } from '../support/encodes.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker } from '../support/test-worker.js';

const HOST = 'sleeper';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay();
});
afterAll(() => reelay.stop());

it('work that is done for an attempt which does not count any more is taken up by the one that does', async () => {
  await writeFile(join(reelay.mediaRoot, 'inbox/film.mp4'), 'the film');
  const worker = await startTestWorker(reelay, 'library', HOST, { WORKER_HOST: HOST });
  await eventually('it is announced', async () => (await reelay.api.workers()).some(({ live }) => live));
  // The order reaches a worker that sleeps; when it wakes up it moves the file at once, for an attempt that is over.
  process.kill(worker.pid, 'SIGSTOP');
  const id = await reelay.api.submit('move_to_library', { inputPath: 'inbox/film.mp4', directoryType: 'videos' });
  await eventually('the order is taken back', async () => (await attemptStates(reelay, id))[0] === 'returned', 90_000);
  process.kill(worker.pid, 'SIGCONT');
  const job = await reelay.api.until(id, 'completed', 60_000);
  expect(job.destinationPaths).toEqual(['videos/film.mp4']);
  expect(await attemptStates(reelay, id)).toEqual(['returned', 'completed']);
  await expect(access(join(reelay.mediaRoot, 'inbox/film.mp4'))).rejects.toThrow('ENOENT');
  await eventually('nothing hidden is left', async () => {
    const names = await readdir(join(reelay.mediaRoot, 'videos'));
    return names.join() === 'film.mp4';
  });
  await worker.stop();
}, 240_000);
