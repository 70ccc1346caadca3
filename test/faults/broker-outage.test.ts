import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine } from '@reelay/persistence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRabbitmq } from '../../tools/lib/rabbitmq.mjs';
import { openStore } from '../support/database.js';
import { eventually, sleep } from '../support/eventually.js';
import { setMemoryAlarm } from '../support/memory-alarm.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

/** `npm run faults` takes the broker away for a minute, with a thousand submits meanwhile. */
const SUBMITS = Number(process.env.FAULT_OUTAGE_SUBMITS ?? 200);
const OUTAGE_MS = Number(process.env.FAULT_OUTAGE_MS ?? 2_000);
/** Longer than a lease, which must not run out because of an alarm; and than a publish waits for its confirm. */
const ALARM_MS = 18_000;
const AT_ONCE = 20;
const SLOTS = 50;

type Broker = Awaited<ReturnType<typeof startRabbitmq>>;

let dir: string;
let broker: Broker;
let reelay: Reelay;
let worker: RecordingWorker;
let submitted = 0;

const startBroker = (): Promise<Broker> => startRabbitmq({ dir, log: join(dir, 'rabbitmq.log') });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reelay-broker-'));
  broker = await startBroker();
  reelay = await startReelay({ env: { AMQP_URL: broker.url }, restart: true });
  worker = await startRecordingWorker(reelay, { name: 'recorder', slots: SLOTS });
});
afterAll(async () => {
  await worker.service.stop();
  await reelay.stop();
  await broker.stop();
  await rm(dir, { recursive: true, force: true });
});

const submit = (ms = 0): Promise<string> => reelay.api.submit('recorded', { n: submitted++, ms });

/** Submits many, some at a time; each is answered with 201 or fails the test. */
async function submitAll(count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, () => submit()));
  }
}

/** Submits one job. @returns whether there is anybody who takes it */
async function isAccepted(): Promise<boolean> {
  try {
    await submit();
    return true;
  } catch {
    submitted--;
    return false;
  }
}

/** Every job so far is completed, and no worker lost its attempt: at most an order came back. */
async function allAreCompleted(): Promise<void> {
  const store = await openStore(reelay.databaseUrl);
  try {
    const { findings, scoreboard } = await eventually(
      'every job is over',
      async () => {
        const seen = await examine(store);
        return seen.scoreboard.underWay === 0 ? seen : null;
      },
      120_000,
    );
    expect(findings).toEqual([]);
    expect(scoreboard).toMatchObject({ accepted: submitted, ok: submitted, duplicated: 0 });
    expect(await store.query("SELECT id FROM attempts WHERE status = 'lost'")).toEqual([]);
  } finally {
    await store.destroy();
  }
}

/** Calls the broker's management API, as an operator's tools do. */
async function manage(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${broker.managementUrl}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

const ready = async (): Promise<number> => (await reelay.api.call('GET', '/health/ready')).status;

describe('a broker', () => {
  it(`that is away for ${String(OUTAGE_MS / 1_000)} s, with ${String(SUBMITS)} submits meanwhile: all are accepted, all are done`, async () => {
    await broker.kill();
    const backAt = Date.now() + OUTAGE_MS;
    await submitAll(SUBMITS);
    // Nor does a backend need it to start.
    await reelay.stack.kill('backend-1');
    await eventually('the backend accepts jobs again', () => isAccepted(), 60_000);
    await sleep(backAt - Date.now());
    broker = await startBroker();
    await allAreCompleted();
  }, 300_000);

  it('under a memory alarm longer than a lease: submits are accepted, and the job that runs keeps its worker', async () => {
    const running = await submit(ALARM_MS + 2_000);
    await reelay.api.until(running, 'running');
    await setMemoryAlarm(broker, dir, true);
    const liftAt = Date.now() + ALARM_MS;
    await submitAll(SUBMITS);
    await sleep(liftAt - Date.now());
    await setMemoryAlarm(broker, dir, false);
    await allAreCompleted();
  }, 300_000);
});

describe('a queue deleted under its consumer', () => {
  it.each(['recorded', 'job_completed', 'job_progression', 'worker_status'])('%s: is declared again', async (queue) => {
    await manage('DELETE', `queues/%2F/${queue}`);
    await submitAll(5);
    await allAreCompleted();
  });
});

describe('what an operator does to a broker', () => {
  it('every connection closed: all go on', async () => {
    const all = await eventually('backend and worker are known', async () => {
      const known = (await manage('GET', 'connections')) as { name: string }[];
      return known.length >= 4 ? known : null;
    });
    for (const { name } of all) await manage('DELETE', `connections/${encodeURIComponent(name)}`);
    await submitAll(5);
    await allAreCompleted();
  });

  it('a queue declared with other arguments: the broker closes the channel of that queue only; mended, all is well', async () => {
    // The backend is quick to declare it again: the one that comes first wins.
    await eventually('the queue is another', async () => {
      await manage('DELETE', 'queues/%2F/job_stopped').catch(() => undefined);
      await manage('PUT', 'queues/%2F/job_stopped', { durable: true, arguments: { 'x-max-length': 7 } });
      return true;
    });
    await eventually('the backend knows', async () => (await ready()) === 503);
    await submitAll(5);
    await allAreCompleted();
    await manage('DELETE', 'queues/%2F/job_stopped');
    await eventually('the queue is consumed', async () => (await ready()) === 200);
  });
});
