import amqp from 'amqplib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

/** Jobs under kills; half as many again run before, without. */
const JOBS = Number(process.env.FAULT_VRAM_JOBS ?? 80);
const KILLS = Number(process.env.FAULT_VRAM_KILLS ?? 3);
const SAMPLE_MS = 25;
/** Below what the devices could hold, so that now the limit decides and now the memory. */
const LIMIT = 6;
const SIZES_MB = [1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000];
/** Two workers of a host share its first GPU. */
const WORKERS = [
  { name: 'one-a', host: 'one', devices: 'gpu0:16000' },
  { name: 'one-b', host: 'one', devices: 'gpu0:16000,gpu1:8000' },
  { name: 'two', host: 'two', devices: 'gpu0:8000,gpu1:4000' },
];
const DEVICES_MB: Readonly<Record<string, number>> = {
  'one/gpu0': 16_000,
  'one/gpu1': 8_000,
  'two/gpu0': 8_000,
  'two/gpu1': 4_000,
};

const random = randomFrom(SEED);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

let reelay: Reelay;
let database: pg.Client;
const workers = new Map<string, TestWorker>();
let over = false;
const isOver = (): boolean => over;

/** A worker that dies is started again after a second, under another instance id, as a container would be. */
async function keepRunning({ name, host, devices }: (typeof WORKERS)[number]): Promise<void> {
  for (let n = 1; !isOver(); n++) {
    const env = { INSTANCE_ID: `${name}-${String(n)}`, WORKER_HOST: host, WORKER_DEVICES: devices, WORKER_SLOTS: '8' };
    const worker = await startTestWorker(reelay, 'holding', name, env);
    workers.set(name, worker);
    await worker.exited;
    if (!isOver()) await sleep(1_000);
  }
}

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 3 }, restart: true });
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  for (const worker of WORKERS) void keepRunning(worker);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length === WORKERS.length);
  const settings = { limits: { gpu_ai: LIMIT }, retry: { maxLosses: 100 } };
  await reelay.api.call('PATCH', '/api/media/settings', settings);
});
afterAll(async () => {
  over = true;
  await Promise.all([...workers.values()].map((worker) => worker.stop()));
  await database.end();
  await reelay.stop();
});

interface Sample {
  readonly devices: Readonly<Record<string, number>> | null;
  readonly holdingSlots: number;
  readonly jobsWithTwo: number;
}

/** What is out or running now, in one statement and so in one snapshot. */
async function look(): Promise<Sample> {
  const { rows } = await database.query<Sample>(
    `WITH open AS (SELECT * FROM attempts WHERE status IN ('out', 'running')),
          used AS (SELECT host || '/' || device AS place, sum(vram_mb)::int AS mb FROM open
                    WHERE device IS NOT NULL GROUP BY 1)
     SELECT (SELECT json_object_agg(place, mb) FROM used) AS devices,
            (SELECT count(*)::int FROM open WHERE NOT paused) AS "holdingSlots",
            (SELECT count(*)::int FROM (SELECT FROM open GROUP BY job_id HAVING count(*) > 1) twice) AS "jobsWithTwo"`,
  );
  return rows[0]!;
}

/** Looks again and again until `work` is done; gives what should never have been seen, and the most that was used. */
async function watching(work: Promise<unknown>) {
  let done = false;
  const wrong: Sample[] = [];
  const most: Record<string, number> = {};
  let mostSlots = 0;
  let samples = 0;
  const ended = work.finally(() => (done = true));
  ended.catch(() => undefined);
  while (!(done as boolean)) {
    const sample = await look();
    samples++;
    mostSlots = Math.max(mostSlots, sample.holdingSlots);
    const devices = Object.entries(sample.devices ?? {});
    for (const [place, mb] of devices) most[place] = Math.max(most[place] ?? 0, mb);
    const isFull = devices.some(([place, mb]) => mb > (DEVICES_MB[place] ?? 0));
    if (isFull || sample.holdingSlots > LIMIT || sample.jobsWithTwo > 0) wrong.push(sample);
    await sleep(SAMPLE_MS);
  }
  await ended;
  return { wrong, most, mostSlots, samples };
}

/** Submits a job at one of the backends, and at another while that one is down. */
async function submit(n: number): Promise<void> {
  const body = JSON.stringify({
    type: 'hold_vram',
    params: { seconds: 0.1 + random() * 0.4 },
    vramRequired: pick(SIZES_MB),
  });
  const first = Math.floor(random() * 3);
  await eventually(`job ${String(n)} is accepted`, async () => {
    for (const offset of [0, 1, 2]) {
      const response = await fetch(`${reelay.stack.apiUrls[(first + offset) % 3] ?? ''}/api/media/jobs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${reelay.stack.token}`,
          'content-type': 'application/json',
          'idempotency-key': `vram-${String(n)}`,
        },
        body,
      }).catch(() => null);
      // While no worker is known that could hold it, it is refused; one is on its way.
      if (response?.status === 201) return true;
    }
    return false;
  });
}

/** Submits jobs and waits until all are completed. */
async function runJobs(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += 10) {
    await Promise.all(Array.from({ length: Math.min(10, from + count - n) }, (_, i) => submit(n + i)));
  }
  await eventually(
    'every job is completed',
    async () => {
      const { rows } = await database.query<{ left: number }>(
        "SELECT count(*)::int AS left FROM jobs WHERE status <> 'completed'",
      );
      return rows[0]?.left === 0;
    },
    600_000,
  );
}

/** Every order that is sent, by its attempt. */
async function tapOrders(): Promise<{ orders: Map<number, number>; stop: () => Promise<void> }> {
  const connection = await amqp.connect(reelay.amqpUrl);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'job_submit', '#');
  const orders = new Map<number, number>();
  await channel.consume(
    queue,
    (message) => {
      const { job_id: id } = JSON.parse(message?.content.toString() ?? '{}') as { job_id: number };
      orders.set(id, (orders.get(id) ?? 0) + 1);
    },
    { noAck: true },
  );
  return { orders, stop: () => connection.close() };
}

/** The name of a worker that runs something. */
async function busyWorker(): Promise<string> {
  const id = await eventually('a worker runs something', async () => {
    const { rows } = await database.query<{ instance_id: string }>(
      `SELECT DISTINCT instance_id FROM attempts
        WHERE status = 'running' AND lease_until > now() + interval '12 s' ORDER BY 1`,
    );
    return rows.length > 0 ? pick(rows).instance_id : null;
  });
  return id.replace(/-\d+$/, '');
}

describe(`three backends, and video memory of four devices (seed ${String(SEED)})`, () => {
  it('order every attempt once, and give no memory twice', async () => {
    const tap = await tapOrders();
    try {
      const { wrong, mostSlots } = await watching(runJobs(0, JOBS / 2));
      expect(wrong).toEqual([]);
      expect(mostSlots).toBeGreaterThan(1);
      const { rows } = await database.query<{ id: string }>('SELECT id FROM attempts');
      expect(rows).toHaveLength(JOBS / 2);
      await eventually('every order was seen', () => tap.orders.size === rows.length);
      expect([...tap.orders].filter(([, times]) => times !== 1)).toEqual([]);
    } finally {
      await tap.stop();
    }
  }, 600_000);

  it(`give none twice and get all of it back, with ${String(KILLS)} kills of workers and backends`, async () => {
    const told: string[] = [];
    const storm = (async () => {
      for (let n = 0; n < KILLS; n++) {
        await sleep(300 + random() * 1_500);
        const target = n % 2 === 0 ? await busyWorker() : pick(['backend-1', 'backend-2', 'backend-3']);
        told.push(target);
        // What is down already cannot be struck again: its turn is over.
        await (workers.get(target)?.kill() ?? reelay.stack.kill(target)).catch(() => undefined);
      }
    })();
    const { wrong, most, mostSlots, samples } = await watching(Promise.all([runJobs(JOBS / 2, JOBS), storm]));
    process.stdout.write(`seed ${String(SEED)}: ${told.join(', ')}; ${JSON.stringify({ most, mostSlots, samples })}\n`);
    expect(wrong).toEqual([]);
    expect(mostSlots).toBe(LIMIT);
    expect(await look()).toEqual({ devices: null, holdingSlots: 0, jobsWithTwo: 0 });

    const accepted = JOBS * 1.5;
    const { scoreboard } = await expectSound(reelay, { accepted, ok: accepted });
    // Else the kills hit nobody.
    expect(scoreboard.recovered).toBeGreaterThan(0);
  }, 900_000);
});
