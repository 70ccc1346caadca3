import { join } from 'node:path';
import type { JobStats } from '@reelay/contracts';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService } from '../../tools/lib/service.mjs';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';

type Service = Awaited<ReturnType<typeof startService>>;

let reelay: Reelay;
let database: pg.Client;
const services: Service[] = [];

/** A worker with a GPU on a host of its own; its jobs hold what they are given for as long as they say. */
async function startWorker(host: string, devices: string): Promise<void> {
  services.push(
    await startService({
      command: process.execPath,
      args: [join(import.meta.dirname, '../support/holding-worker.mjs')],
      log: join(reelay.mediaRoot, `../logs/${host}.log`),
      env: {
        PATH: process.env.PATH,
        AMQP_URL: reelay.amqpUrl,
        WORKER_HOST: host,
        WORKER_SLOTS: '8',
        WORKER_DEVICES: devices,
        WORK_DIR: join(reelay.mediaRoot, `../work-${host}`),
        LOG_LEVEL: 'warn',
      },
    }),
  );
}

beforeAll(async () => {
  reelay = await startReelay();
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  await startWorker('one', 'gpu0:16000');
  await startWorker('two', 'gpu0:8000,gpu1:4000');
  await eventually(
    'both are announced',
    async () => (await reelay.api.workers()).filter(({ live }) => live).length === 2,
  );
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { gpu_ai: 100 } });
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await database.end();
  await reelay.stop();
});

const hold = (vramRequired: number, seconds: number) => reelay.api.submit('hold_vram', { seconds }, { vramRequired });

describe('video memory', () => {
  it('is never given twice, over hosts and devices', async () => {
    const sizes = [8000, 4000, 12000, 2000, 6000, 3000];
    const ids = await Promise.all(Array.from({ length: 48 }, (_, n) => hold(sizes[n % sizes.length] ?? 0, 0.2)));
    const most = new Map<string, number>();
    let samples = 0;
    await eventually(
      'all are completed',
      async () => {
        const { rows } = await database.query<{ place: string; used: number }>(
          `SELECT host || '/' || device AS place, sum(vram_mb)::int AS used FROM attempts
            WHERE status IN ('out', 'running') AND device IS NOT NULL GROUP BY 1`,
        );
        samples++;
        for (const { place, used } of rows) most.set(place, Math.max(most.get(place) ?? 0, used));
        const { pagination } = await reelay.api.jobs('?type=hold_vram&status=completed');
        return pagination.total === ids.length;
      },
      60_000,
    );
    expect(samples).toBeGreaterThan(20);
    expect([...most.keys()].sort()).toEqual(['one/gpu0', 'two/gpu0', 'two/gpu1']);
    expect(most.get('one/gpu0')).toBeLessThanOrEqual(16_000);
    expect(most.get('two/gpu0')).toBeLessThanOrEqual(8_000);
    expect(most.get('two/gpu1')).toBeLessThanOrEqual(4_000);
  });

  it('that is short is the reason for waiting, and comes back', async () => {
    const first = await hold(12_000, 2);
    await reelay.api.until(first, 'running');
    const stats = await reelay.api.call<JobStats>('GET', '/api/media/jobs/stats');
    expect(stats.body.devices).toEqual([
      { host: 'one', device: 'gpu0', vramMb: 16_000, usedMb: 12_000 },
      { host: 'two', device: 'gpu0', vramMb: 8_000, usedMb: 0 },
      { host: 'two', device: 'gpu1', vramMb: 4_000, usedMb: 0 },
    ]);
    const second = await hold(12_000, 0.1);
    const job = await eventually('a waiting reason', async () => {
      const now = await reelay.api.job(second);
      return now.waitingReason === null ? null : now;
    });
    expect(job.waitingReason).toBe('needs 12000 MB of VRAM, 4000 free on one');
    await reelay.api.until(second, 'completed');
  });

  it('that no device has is refused at once', async () => {
    const answer = await reelay.api.problem('POST', '/api/media/jobs', {
      type: 'hold_vram',
      params: { seconds: 1 },
      vramRequired: 24_000,
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'VRAM_TOO_LARGE']);
    expect(answer.body.detail).toContain('no device of a live worker has more than 16000');
  });
});
