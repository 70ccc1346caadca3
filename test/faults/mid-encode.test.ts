import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startRabbitmq } from '../../tools/lib/rabbitmq.mjs';
import { attemptsOf, attemptStates, startEncode, type RunningEncode } from '../support/encodes.js';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo, probeFile } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { isAlive } from '../support/process-tree.js';
import { startReelay, type Reelay } from '../support/reelay.js';

/** Long enough to be killed in the middle, on a slow machine and on a quick one. */
const CLIP_SECONDS = 25;

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function start(options: Parameters<typeof startReelay>[0]): Promise<Reelay> {
  const reelay = await startReelay(options);
  cleanUp.push(() => reelay.stop());
  return reelay;
}

/** Starts an encode on a video of its own. */
const encodeInProgress = async (reelay: Reelay): Promise<RunningEncode> =>
  startEncode(reelay, await makeLongVideo(reelay.mediaRoot, 'long.mp4', CLIP_SECONDS));

describe('a worker killed in mid-encode', () => {
  it('loses its job to another, which ends it within 30 s; no ffmpeg is left', async () => {
    const reelay = await start({ replicas: { 'worker-encode': 2 } });
    const { id, encoder } = await encodeInProgress(reelay);

    process.kill(encoder.parent, 'SIGKILL');
    await eventually('the orphaned ffmpeg is gone', async () => !(await isAlive(encoder.pid)), 3_000);

    const job = await reelay.api.until(id, 'completed', 30_000);
    const attempts = await attemptsOf(reelay, id);
    expect(attempts.map(({ status }) => status)).toEqual(['lost', 'completed']);
    expect(attempts[0]?.worker).not.toBe(attempts[1]?.worker);
    expect(job.retryCount).toBe(0);
    expect(job.log).toContain('stopped renewing its lease');
    const output = await probeFile(join(reelay.mediaRoot, job.destinationPaths[0] ?? ''));
    expect(Math.abs(Number(output.format.duration) - CLIP_SECONDS)).toBeLessThan(0.5);
    await expectSound(reelay, { accepted: 1, ok: 1, recovered: 1 });
  });
});

describe('the broker killed in mid-encode', () => {
  it('leaves the encode running; its completion arrives once the broker is back', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'reelay-broker-'));
    cleanUp.push(() => rm(dir, { recursive: true, force: true }));
    let broker = await startRabbitmq({ dir, log: join(dir, 'rabbitmq.log') });
    cleanUp.push(() => broker.stop());
    const reelay = await start({ replicas: { 'worker-encode': 1 }, env: { AMQP_URL: broker.url } });
    const { id, encoder } = await encodeInProgress(reelay);

    await broker.kill();
    expect(await isAlive(encoder.pid)).toBe(true);
    // The work ends while nobody can be told.
    await eventually(
      'the output is published',
      async () => (await readdir(join(reelay.mediaRoot, 'playback'))).includes('long.mp4'),
      60_000,
    );
    await sleep(1_000);
    expect((await reelay.api.job(id)).status).toBe('running');

    broker = await startRabbitmq({ dir, log: join(dir, 'rabbitmq.log') });
    const job = await reelay.api.until(id, 'completed', 30_000);
    expect(job.destinationPaths).toEqual(['playback/long.mp4']);
    expect(await attemptStates(reelay, id)).toEqual(['completed']);
    await expectSound(reelay, { accepted: 1, ok: 1, recovered: 0 });
  });

  it('accepts jobs meanwhile, and runs them once the broker is back', async () => {
    const reelay = await start({ replicas: { 'worker-library': 1 }, privateServers: true, restart: true });
    const inputPath = await makeLongVideo(reelay.mediaRoot, 'short.mp4', 1);
    await reelay.stack.kill('rabbitmq');
    const id = await reelay.api.submit('validate', { inputPath });
    await reelay.api.until(id, 'completed', 60_000);
    await expectSound(reelay, { accepted: 1, ok: 1 });
  });
});
