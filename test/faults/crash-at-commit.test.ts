import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { RawClient } from '../support/raw-client.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import type { Passing } from '../support/tcp-proxy.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

let reelay: Reelay;
let client: pg.Client;
let worker: RecordingWorker | null = null;
let raw: RawClient | null = null;

beforeAll(async () => {
  reelay = await startReelay({ proxied: true, restart: true });
  client = new pg.Client({ connectionString: reelay.databaseUrl });
  await client.connect();
});
afterEach(async () => {
  await worker?.service.stop();
  await raw?.close();
  worker = raw = null;
});
afterAll(async () => {
  await client.end();
  await reelay.stop();
});

const claimOfTheKey: Passing = { to: 'server', bytes: 'INSERT INTO idempotency_keys' };
const commit: Passing = { to: 'server', bytes: 'COMMIT' };
const committed: Passing = { to: 'client', bytes: 'COMMIT' };
const insertOfTheJob: Passing = { to: 'server', bytes: 'INSERT INTO jobs' };
const noteOfTheConfirm: Passing = { to: 'server', bytes: 'UPDATE attempts SET published_at' };

/** The ids of the jobs that are stored, as the database has them. */
async function stored(type: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM jobs WHERE type = $1', [type]);
  return rows.map(({ id }) => id);
}

/** What the API answers; null where there is no answer. */
async function submit(type: string, key?: string): Promise<{ status: number; id: string } | null> {
  const response = await fetch(`${reelay.api.url}/api/media/jobs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${reelay.stack.token}`,
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify({ type, params: {} }),
  }).catch(() => null);
  if (!response) return null;
  const { id } = (await response.json()) as { id: string };
  return { status: response.status, id };
}

/** Submits, kills the backend at the moment that is named, and waits until it is back. */
async function submitAndKill(steps: readonly Passing[], type: string, key?: string): Promise<void> {
  const reached = reelay.links!.database.hold(...steps);
  const answer = submit(type, key);
  await reached;
  await reelay.stack.kill('backend-1');
  expect(await answer).toBeNull();
  await eventually('the backend is back', async () => (await reelay.api.call('GET', '/health/ready')).status === 200);
}

/** Nobody serves the jobs of these tests: their orders are noted too, whenever they are tried. */
async function cancelUnserved(): Promise<void> {
  const filter = { type: ['before_commit', 'after_commit', 'without_key'] };
  await reelay.api.call('POST', '/api/media/jobs/actions', { action: 'cancel', filter });
  const onTheirWay = "status = 'out' OR created_at > now() - interval '1 s'";
  await eventually('no order is on its way', async () => {
    const { rows } = await client.query(`SELECT FROM attempts WHERE ${onTheirWay}`);
    return rows.length === 0;
  });
}

describe('a backend killed while it stores a job', () => {
  it('before its COMMIT: there is no job, and the same request makes one', async () => {
    await submitAndKill([claimOfTheKey, commit], 'before_commit', 'k1');
    expect(await stored('before_commit')).toEqual([]);
    const answer = await submit('before_commit', 'k1');
    expect(answer?.status).toBe(201);
    expect(await stored('before_commit')).toEqual([answer?.id]);
  });

  it('between its COMMIT and its answer: the same request gets the job that is there', async () => {
    await submitAndKill([claimOfTheKey, commit, committed], 'after_commit', 'k2');
    const [id] = await stored('after_commit');
    expect(await submit('after_commit', 'k2')).toEqual({ status: 201, id });
    expect(await stored('after_commit')).toEqual([id]);
  });

  it('without a key, before the one statement: there is no job', async () => {
    await submitAndKill([insertOfTheJob], 'without_key');
    expect(await stored('without_key')).toEqual([]);
  });
});

describe('a backend killed after the confirm of an order, before it is noted', () => {
  it('has the order sent again; the work runs once', async () => {
    await cancelUnserved();
    worker = await startRecordingWorker(reelay, { name: 'recorder', slots: 1 });
    raw = await RawClient.connect(reelay.amqpUrl);
    const orders = await raw.overhear('job_submit', 'recorded');
    // It stands still, so that no claim tells the backend that the order arrived.
    process.kill(worker.service.pid, 'SIGSTOP');
    const reached = reelay.links!.database.hold(noteOfTheConfirm);
    const id = await reelay.api.submit('recorded', { n: 1, ms: 300 });
    await reached;
    await reelay.stack.kill('backend-1');
    await eventually('the order is sent again', () => orders.length >= 2, 60_000);
    process.kill(worker.service.pid, 'SIGCONT');

    const job = await reelay.api.until(id, 'completed', 60_000);
    const attempts = orders.map(({ content }) => (content as { job_id: number }).job_id);
    expect(new Set(attempts).size).toBe(1);
    expect(job.retryCount).toBe(0);
    // One slot, one queue: when the next job is over, both orders of this one are settled.
    await reelay.api.until(await reelay.api.submit('recorded', { n: 2, ms: 0 }), 'completed');
    // What it begins on a connection that the broker has given up it cannot claim, and gives up itself.
    const done = worker.runs().filter(({ what }) => what === 'done');
    expect(done.map(({ n }) => n)).toEqual([1, 2]);
  });
});
