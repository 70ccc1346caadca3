import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../../tools/lib/processes.mjs';
import { eventually, sleep } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { randomFrom, SEED } from '../support/random.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startNoopWorker, type TestWorker } from '../support/test-worker.js';

/** `npm run faults` kills five times and stops it for a minute. */
const KILLS = Number(process.env.FAULT_KILLS ?? 2);
const STOP_MS = Number(process.env.FAULT_STOP_MS ?? 12_000);
const MAX_CONNECTIONS = 30;
const SLOTS = 50;
const ANSWERED_WITHIN_MS = 40_000;

let reelay: Reelay;
let worker: TestWorker;
let submitted = 0;

beforeAll(async () => {
  reelay = await startReelay({
    privateServers: true,
    restart: true,
    postgresSettings: { max_connections: String(MAX_CONNECTIONS) },
  });
  worker = await startNoopWorker(reelay, { name: 'noop', slots: SLOTS });
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length > 0);
  await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 1_000 } });
});
afterAll(async () => {
  await worker.stop();
  await reelay.stop();
});

/** What the API answers; null where there is no answer, which no fault of the database explains. */
async function submit(n: number): Promise<{ status: number; retryAfter: string | null } | null> {
  const response = await fetch(`${reelay.api.url}/api/media/jobs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${reelay.stack.token}`,
      'content-type': 'application/json',
      'idempotency-key': `job-${String(n)}`,
    },
    body: JSON.stringify({ type: 'bench_noop', params: { n } }),
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
  }).catch(() => null);
  await response?.arrayBuffer();
  return response && { status: response.status, retryAfter: response.headers.get('retry-after') };
}

/** Submits one job after the other until `over`, each until it is accepted. @returns what was answered meanwhile */
async function submitUntil(over: () => boolean): Promise<Awaited<ReturnType<typeof submit>>[]> {
  const refusals: Awaited<ReturnType<typeof submit>>[] = [];
  while (!over()) {
    const n = submitted++;
    await eventually(
      `job ${String(n)} is accepted`,
      async () => {
        const answer = await submit(n);
        if (answer?.status === 201) return true;
        refusals.push(answer);
        return false;
      },
      STOP_MS + 120_000,
    );
    await sleep(20);
  }
  return refusals;
}

const everyOneIs503 = (answers: Awaited<ReturnType<typeof submit>>[]): void => {
  expect(answers).toEqual(answers.map(() => ({ status: 503, retryAfter: expect.any(String) as string })));
};

const nothingIsLost = () => expectSound(reelay, { accepted: submitted, ok: submitted }, 120_000);

const processOf = (name: string) => reelay.stack.processes().find((entry) => entry.name === name);

describe('the database', () => {
  it(`killed ${String(KILLS)} times under load loses no job (seed ${String(SEED)})`, async () => {
    const random = randomFrom(SEED);
    let over = false;
    const load = submitUntil(() => over);
    for (let n = 0; n < KILLS; n++) {
      await sleep(500 + random() * 1_500);
      const killed = processOf('postgres')?.pid;
      await reelay.stack.kill('postgres');
      await eventually('it is started again', () => ![undefined, killed].includes(processOf('postgres')?.pid), 60_000);
    }
    await sleep(500);
    over = true;
    everyOneIs503(await load);
    await nothingIsLost();
  }, 600_000);

  it(`that stands still for ${String(STOP_MS / 1000)} s is answered for with 503 and Retry-After; nothing is lost`, async () => {
    const server = processOf('postgres')!.pid;
    const family = [server, ...descendantsOf(server).map(({ pid }) => pid)];
    let over = false;
    const load = Promise.all([1, 2, 3].map(() => submitUntil(() => over)));
    for (const pid of family) process.kill(pid, 'SIGSTOP');
    await sleep(STOP_MS);
    // The server last: it buries its children that were about to end, and their numbers with them.
    for (const pid of [...family].reverse()) process.kill(pid, 'SIGCONT');
    over = true;
    const refusals = (await load).flat();
    expect(refusals.length).toBeGreaterThan(0);
    everyOneIs503(refusals);
    await nothingIsLost();
  }, 600_000);

  it('without a free connection is answered for with 503; with one, all goes on', async () => {
    const others: pg.Client[] = [];
    try {
      const refusal = await eventually('no connection is left', async () => {
        await takeAllConnections(others);
        await others[0]?.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reelay'",
        );
        await takeAllConnections(others);
        const answer = await submit(submitted);
        if (answer?.status === 201) submitted++;
        return answer?.status === 201 ? null : answer;
      });
      everyOneIs503([refusal]);
    } finally {
      await Promise.all(others.map((client) => client.end()));
    }
    let more = 10;
    await submitUntil(() => more-- === 0);
    await nothingIsLost();
  });
});

/** Connects until the server refuses. */
async function takeAllConnections(taken: pg.Client[]): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: reelay.databaseUrl, application_name: 'another program' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch (error) {
      if ((error as { code?: string }).code === '53300') return;
      throw error;
    }
  }
}
