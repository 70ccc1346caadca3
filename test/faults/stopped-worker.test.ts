import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attemptsOf, attemptStates, hiddenFiles, startEncode } from '../support/encodes.js';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, testWorkerLog, type TestWorker } from '../support/test-worker.js';

/** How much longer a worker stands still once its job is done: the broker drops it after half a minute. */
const LONGER_MS = Number(process.env.FAULT_FREEZE_SECONDS ?? 0) * 1_000;
const CLIP_SECONDS = 8;
/** A lease and its sweep, then the whole work again. An order that waited at the worker which stands still takes longer. */
const TAKEN_OVER_MS = 40_000;
const WHOLE_MS = 240_000;

let reelay: Reelay;
const workers = new Map<string, TestWorker>();

/** Starts a worker of one slot. */
async function start(kind: 'encode' | 'holding', name: string): Promise<void> {
  workers.set(name, await startTestWorker(reelay, kind, name, { LOG_LEVEL: 'info' }));
}

beforeAll(async () => {
  reelay = await startReelay();
  for (const n of [1, 2, 3]) await start('encode', `encode-${String(n)}`);
  for (const n of [1, 2, 3]) await start('holding', `holding-${String(n)}`);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === workers.size);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { gpu_encode: 10, gpu_ai: 10 } });
});
afterAll(async () => {
  for (const { pid, isRunning } of workers.values()) if (isRunning()) process.kill(pid, 'SIGCONT');
  await Promise.all([...workers.values()].map((worker) => worker.stop()));
  await reelay.stop();
});

/** The worker that holds a job. */
async function holderOf(id: string): Promise<{ name: string; pid: number }> {
  const { worker: name } = await reelay.api.until(id, 'running');
  const pid = workers.get(name ?? '')?.pid;
  if (name === null || pid === undefined) throw new Error(`job ${id} has no worker of this test`);
  return { name, pid };
}

/** How a worker ended an attempt by its own account; null while it has not. */
async function ownAccount(name: string, attempt: number | undefined): Promise<string | null> {
  const lines = (await readFile(testWorkerLog(reelay, name), 'utf8')).split('\n').filter((line) => line !== '');
  const records = lines.map((line) => JSON.parse(line) as { msg?: string; attempt?: number; outcome?: string });
  return records.find((each) => each.msg === 'attempt ended' && each.attempt === attempt)?.outcome ?? null;
}

/** Waits until every answer that was sent before has been applied: the queue of this kind is in order. */
async function answersAreApplied(): Promise<void> {
  await reelay.api.until(await reelay.api.submit('hold_vram', { seconds: 0 }), 'completed');
}

/** What a user sees of a job, but for its log: what is left to say of a lost attempt may be said late. */
const outcomeOf = async (id: string) => {
  const { log: _log, ...outcome } = await reelay.api.job(id);
  return { ...outcome, attempts: await attemptsOf(reelay, id) };
};

const hashOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(join(reelay.mediaRoot, path)))
    .digest('hex');

const outputsNamed = async (stem: string): Promise<string[]> =>
  (await readdir(join(reelay.mediaRoot, 'playback'))).filter((name) => name.startsWith(stem));

describe('a worker that stands still for longer than its lease', () => {
  it.concurrent.each([
    ['while its ffmpeg goes on', 'alone', false],
    ['with its ffmpeg', 'both', true],
  ])(
    '%s has lost its encode: what it does later changes nothing',
    async (_, stem, withEncoder) => {
      const clip = await makeLongVideo(reelay.mediaRoot, `${stem}.mp4`, CLIP_SECONDS);
      const { id, encoder } = await startEncode(reelay, clip);
      const holder = await holderOf(id);
      process.kill(holder.pid, 'SIGSTOP');
      if (withEncoder) process.kill(encoder.pid, 'SIGSTOP');

      await reelay.api.until(id, 'completed', TAKEN_OVER_MS);
      const before = await outcomeOf(id);
      const [output = ''] = before.destinationPaths;
      const hash = await hashOf(output);
      expect(before.attempts.map(({ status }) => status)).toEqual(['lost', 'completed']);
      await sleep(LONGER_MS);

      process.kill(holder.pid, 'SIGCONT');
      if (withEncoder) process.kill(encoder.pid, 'SIGCONT');
      await eventually('it has ended its attempt', () => ownAccount(holder.name, before.attempts[0]?.id), 60_000);
      await eventually('its ffmpeg is gone', async () =>
        (await encodersOf(reelay.mediaRoot)).every(({ command }) => !command.includes(`${stem}.mp4`)),
      );
      await answersAreApplied();
      expect(await outcomeOf(id)).toEqual(before);
      expect(await hashOf(output)).toBe(hash);
      expect(await outputsNamed(stem)).toEqual([`${stem}.mp4`]);
      expect((await hiddenFiles(reelay)).filter((name) => name.includes(stem) || name.includes(id))).toEqual([]);
    },
    WHOLE_MS,
  );

  it.concurrent(
    'says that it has completed while another is at the job: the job is not completed by that',
    async () => {
      const seconds = 10;
      const id = await reelay.api.submit('hold_vram', { seconds });
      const holder = await holderOf(id);
      process.kill(holder.pid, 'SIGSTOP');
      const second = await eventually(
        'another is at the job',
        async () => (await attemptsOf(reelay, id)).find(({ number, status }) => number === 2 && status === 'running'),
        TAKEN_OVER_MS,
      );
      const [first] = await attemptsOf(reelay, id);
      expect(second.worker).not.toBe(holder.name);

      process.kill(holder.pid, 'SIGCONT');
      expect(await eventually('it has ended its attempt', () => ownAccount(holder.name, first?.id))).toBe('completed');
      await answersAreApplied();
      expect(await attemptStates(reelay, id)).toEqual(['lost', 'running']);
      expect((await reelay.api.job(id)).status).toBe('running');

      const job = await reelay.api.until(id, 'completed', 60_000);
      expect(await attemptStates(reelay, id)).toEqual(['lost', 'completed']);
      expect(job).toMatchObject({ retryCount: 0, worker: second.worker });
    },
    WHOLE_MS,
  );

  it.concurrent(
    'says that it has completed after another has: nothing changes',
    async () => {
      const id = await reelay.api.submit('hold_vram', { seconds: 1.5 });
      const holder = await holderOf(id);
      process.kill(holder.pid, 'SIGSTOP');
      await reelay.api.until(id, 'completed', TAKEN_OVER_MS);
      const before = await outcomeOf(id);
      const { attempts } = before;
      expect(attempts.map(({ status }) => status)).toEqual(['lost', 'completed']);
      await sleep(LONGER_MS);

      process.kill(holder.pid, 'SIGCONT');
      const account = await eventually(
        'it has ended its attempt',
        () => ownAccount(holder.name, attempts[0]?.id),
        60_000,
      );
      expect(account).toBe('completed');
      await answersAreApplied();
      expect(await outcomeOf(id)).toEqual(before);
    },
    WHOLE_MS,
  );
});

it('leaves nothing behind once it goes on', async () => {
  const { scoreboard } = await expectSound(reelay, { failed: 0, cancelled: 0 });
  expect(scoreboard.recovered).toBeGreaterThanOrEqual(4);
});
