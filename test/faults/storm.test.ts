import pg from 'pg';
import { afterAll, beforeAll, it } from 'vitest';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startNoopWorker, type TestWorker } from '../support/test-worker.js';

/** The full storm is `npm run faults`; every `npm test` runs a short one. */
const JOBS = Number(process.env.FAULT_JOBS ?? 1_500);
const FAULTS = Number(process.env.FAULT_COUNT ?? 6);
const BULK = 100;
const WORKERS = 2;
const SLOTS = 50;
const WITHIN_MS = 240_000;

let reelay: Reelay;
let workers: TestWorker[] = [];
let over = false;
const isOver = (): boolean => over;

/** A worker that dies is started again after a second, as a container would be. */
async function keepRunning(index: number): Promise<void> {
  while (!isOver()) {
    const service = await startNoopWorker(reelay, { name: `noop-${String(index)}`, slots: SLOTS });
    workers[index] = service;
    await service.exited;
    if (!isOver()) await sleep(1_000);
  }
}

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 }, privateServers: true, restart: true });
  for (let index = 0; index < WORKERS; index++) void keepRunning(index);
  await eventually('the workers are announced', async () => (await reelay.api.workers()).length >= WORKERS);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 1_000 } });
});
afterAll(async () => {
  over = true;
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
  await reelay.stop();
});

/** Cuts all connections of the backends to the database. */
async function cutDatabase(): Promise<void> {
  const client = new pg.Client({ connectionString: reelay.databaseUrl });
  await client.connect();
  await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reelay'");
  await client.end();
}

const stopFor = async (pid: number | undefined, ms: number): Promise<void> => {
  if (pid === undefined) return;
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  process.kill(pid, 'SIGCONT');
};

const processOf = (name: string) => reelay.stack.processes().find((entry) => entry.name === name)?.pid;

const FAULT_KINDS: readonly (readonly [name: string, strike: () => Promise<unknown>])[] = [
  ['a worker is killed', async () => workers[0]?.kill()],
  ['another worker is killed', async () => workers[1]?.kill()],
  ['a backend is killed', async () => reelay.stack.kill('backend-1')],
  ['the other backend is killed', async () => reelay.stack.kill('backend-2')],
  ['the broker is killed', async () => reelay.stack.kill('rabbitmq')],
  ['connections to the database are cut', cutDatabase],
  ['a backend stands still', () => stopFor(processOf('backend-1'), 3_000)],
  ['a worker stands still', () => stopFor(workers[0]?.pid, 3_000)],
];

/** Submits until it was accepted: with its key, a request that is sent again makes no second job. */
async function submitBulk(from: number): Promise<void> {
  const jobs = Array.from({ length: BULK }, (_, n) => ({ type: 'bench_noop', params: { n: from + n } }));
  await eventually(
    'a bulk is accepted',
    async () => {
      for (const url of reelay.stack.apiUrls) {
        const response = await fetch(`${url}/api/media/jobs/bulk`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${reelay.stack.token}`,
            'content-type': 'application/json',
            'idempotency-key': `storm-${String(from)}`,
          },
          body: JSON.stringify({ jobs }),
        }).catch(() => null);
        if (response?.status === 201) return true;
      }
      return false;
    },
    60_000,
  );
}

it(`${String(JOBS)} jobs under ${String(FAULTS)} faults: none is lost, none is completed twice (seed ${String(SEED)})`, async () => {
  const random = randomFrom(SEED);
  const told: string[] = [];
  const storm = (async () => {
    for (let n = 0; n < FAULTS; n++) {
      await sleep(1_000 + random() * 3_000);
      const kind = FAULT_KINDS[Math.floor(random() * FAULT_KINDS.length)];
      told.push(kind?.[0] ?? '');
      // What is down already cannot be struck again: its turn is over.
      await kind?.[1]().catch(() => undefined);
    }
  })();
  for (let from = 0; from < JOBS; from += BULK) {
    await submitBulk(from);
    await sleep((FAULTS * 2_000 * BULK) / JOBS);
  }
  await storm;
  process.stdout.write(`seed ${String(SEED)}: ${told.join(', ')}\n`);
  await expectSound(reelay, { accepted: JOBS, ok: JOBS }, WITHIN_MS);
}, 600_000);
