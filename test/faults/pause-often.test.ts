import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetail, StatusMessage } from '@reelay/contracts';
import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attemptsOf, attemptStates, hiddenFiles, startEncode } from '../support/encodes.js';
import { eventually, sleep } from '../support/eventually.js';
import { makeLongVideo, probeFile } from '../support/media.js';
import { expectSound } from '../support/oracle.js';
import { encodersOf } from '../support/process-tree.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const PAUSES = Number(process.env.FAULT_PAUSES ?? 15);
/** Enough work for all pauses: between two of them, less than half a second of it is done. */
const CLIP_SECONDS = 5 + PAUSES * 0.45;
/** Longest time that it runs or stands still. */
const TURN_MS = 80;

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2, 'worker-encode': 1 }, env: { FFMPEG_THREADS: '1' } });
});
afterAll(() => reelay.stop());

/** Does it at one of the backends. */
async function act(id: string, action: 'pause' | 'resume', backend: number): Promise<string> {
  const response = await fetch(`${reelay.stack.apiUrls[backend] ?? ''}/api/media/jobs/${id}/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${reelay.stack.token}` },
  });
  const body = (await response.json()) as JobDetail;
  return response.status === 200 ? body.status : `${String(response.status)} ${JSON.stringify(body)}`;
}

/** Whether a process is stopped. */
const isStopped = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
};

async function encode(name: string, seconds: number) {
  return startEncode(reelay, await makeLongVideo(reelay.mediaRoot, name, seconds), {}, 'fast');
}

async function isWhole(id: string, seconds: number): Promise<void> {
  const job = await reelay.api.until(id, 'completed', 240_000);
  expect(job).toMatchObject({ retryCount: 0, error: null });
  expect(await attemptStates(reelay, id)).toEqual(['completed']);
  const output = await probeFile(join(reelay.mediaRoot, job.destinationPaths[0] ?? ''));
  expect(Math.abs(Number(output.format.duration) - seconds)).toBeLessThan(0.5);
  await eventually('no hidden file is left', async () => (await hiddenFiles(reelay)).length === 0);
  expect(await encodersOf(reelay.mediaRoot)).toEqual([]);
}

describe('an encode', () => {
  it(`that is paused and resumed ${String(PAUSES)} times is whole, in one attempt (seed ${String(SEED)})`, async () => {
    const random = randomFrom(SEED);
    const { id, encoder } = await encode('often.mp4', CLIP_SECONDS);
    for (let n = 0; n < PAUSES; n++) {
      // Now at one backend and now at the other: what they tell the worker may come in another order.
      expect(await act(id, 'pause', Math.floor(random() * 2))).toBe('paused');
      if (random() < 0.3) await eventually('ffmpeg stands still', () => isStopped(encoder.pid));
      await sleep(random() * TURN_MS);
      expect(await act(id, 'resume', Math.floor(random() * 2))).toBe('running');
      if (random() < 0.3) await eventually('ffmpeg goes on', async () => !(await isStopped(encoder.pid)));
      await sleep(random() * TURN_MS);
    }
    await isWhole(id, CLIP_SECONDS);
  }, 300_000);

  it('goes on when the pause reached its worker after the resume', async () => {
    const { id } = await encode('overtaken.mp4', 4);
    const [attempt] = await attemptsOf(reelay, id);
    let wasPaused = false;
    const connection = await amqp.connect(reelay.amqpUrl);
    try {
      const channel = await connection.createConfirmChannel();
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, 'worker_response', 'worker_status');
      await channel.consume(
        queue,
        (message) => {
          const status = JSON.parse(message?.content.toString() ?? '{}') as StatusMessage;
          wasPaused ||= status.reelay?.paused.includes(attempt?.id ?? 0) ?? false;
        },
        { noAck: true },
      );
      const late = Buffer.from(JSON.stringify({ type: 'pause_process', job_id: attempt?.id }));
      channel.publish('direct_messaging', '', late, { headers: { instance_id: attempt?.worker } });
      await channel.waitForConfirms();
      await eventually('its worker says that it is paused', () => wasPaused);
    } finally {
      await connection.close();
    }
    await isWhole(id, 4);
    await expectSound(reelay, { accepted: 2, ok: 2, recovered: 0 });
  }, 300_000);
});
