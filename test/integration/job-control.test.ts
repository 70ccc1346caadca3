import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  JOB_STATUSES,
  type AttemptView,
  type BulkCreateAnswer,
  type JobDetail,
  type JobStats,
  type LogPage,
} from '@reelay/contracts';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { ForeignWorker } from '../support/foreign-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const JOBS = '/api/media/jobs';
const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

let reelay: Reelay;
let worker: ForeignWorker;
let database: pg.Client;

beforeAll(async () => {
  reelay = await startReelay();
  database = new pg.Client({ connectionString: reelay.databaseUrl });
  await database.connect();
  worker = await new ForeignWorker(reelay.amqpUrl, 'controlled', 'c0ffee00c001').start();
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});
afterAll(async () => {
  await worker.stop();
  await database.end();
  await reelay.stop();
});

const act = (id: string, action: string) => reelay.api.call<JobDetail>('POST', `${JOBS}/${id}/${action}`);

/** A job that nobody serves, put into a state as if all had happened that leads there. */
async function jobIn(status: string): Promise<string> {
  const id = await reelay.api.submit('unserved');
  await eventually('it came back', async () => (await reelay.api.job(id)).waitingReason !== null);
  await database.query('UPDATE jobs SET status = $2 WHERE id = $1', [id, status]);
  return id;
}

describe('actions by state', () => {
  const allowed: Record<string, Record<string, string>> = {
    cancel: { pending: 'cancelled', queued: 'cancelled', running: 'cancelled', paused: 'cancelled' },
    pause: { pending: 'paused', queued: 'paused', running: 'paused' },
    resume: { paused: 'pending' },
    retry: { failed: 'pending', cancelled: 'pending' },
  };
  const cases = Object.keys(allowed).flatMap((action) => JOB_STATUSES.map((status) => ({ action, status })));

  it.each(cases)('$action of a job that is $status', async ({ action, status }) => {
    const id = await jobIn(status);
    const answer = await act(id, action);
    const next = allowed[action]?.[status];
    if (next === undefined) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'JOB_STATE_CONFLICT' } });
      expect(JSON.stringify(answer.body)).toContain(`A job that is ${status} cannot be`);
      expect((await reelay.api.job(id)).status).toBe(status);
    } else {
      expect(answer).toMatchObject({ status: 200, body: { id, status: next } });
    }
  });

  it.each(JOB_STATUSES)('deleting a job that is %s', async (status) => {
    const id = await jobIn(status);
    const over = ['completed', 'failed', 'cancelled'].includes(status);
    expect((await reelay.api.call('DELETE', `${JOBS}/${id}`)).status).toBe(over ? 204 : 409);
    expect((await reelay.api.problem('GET', `${JOBS}/${id}`)).status).toBe(over ? 404 : 200);
  });

  it.each(JOB_STATUSES)('another priority for a job that is %s', async (status) => {
    const id = await jobIn(status);
    const answer = await reelay.api.call<JobDetail>('PATCH', `${JOBS}/${id}`, { priority: 1 });
    const waits = ['pending', 'queued', 'paused'].includes(status);
    expect(answer.status).toBe(waits ? 200 : 409);
    expect((await reelay.api.job(id)).priority).toBe(waits ? 1 : 5);
  });

  it('an unknown job is a 404 to every action', async () => {
    for (const action of ['cancel', 'pause', 'resume', 'retry']) {
      expect((await reelay.api.problem('POST', `${JOBS}/${UNKNOWN_ID}/${action}`)).body.code).toBe('JOB_NOT_FOUND');
    }
    expect((await reelay.api.problem('DELETE', `${JOBS}/${UNKNOWN_ID}`)).body.code).toBe('JOB_NOT_FOUND');
    expect((await reelay.api.problem('PATCH', `${JOBS}/${UNKNOWN_ID}`, { priority: 1 })).body.code).toBe(
      'JOB_NOT_FOUND',
    );
  });
});

describe('a job that runs', () => {
  async function running(): Promise<{ id: string; attemptId: number }> {
    const id = await reelay.api.submit('controlled', { source_path: 'a' });
    const order = await worker.nextOrder();
    worker.progress(0);
    await reelay.api.until(id, 'running');
    return { id, attemptId: order.job_id };
  }
  const told = (type: string, attemptId: number) =>
    eventually(`the worker is told to ${type}`, () =>
      worker.directMessages.some((message) => message.type === type && message.job_id === attemptId),
    );

  it('is cancelled at once; its worker is told, and what it says later changes nothing', async () => {
    const { id, attemptId } = await running();
    const { body } = await act(id, 'cancel');
    expect(body.status).toBe('cancelled');
    expect(body.log).toContain('--- JOB CANCELLED BY ADMIN ---');
    await told('stop_process', attemptId);
    worker.complete();
    await eventually('the attempt is over', async () => {
      const { data } = (await reelay.api.call<{ data: AttemptView[] }>('GET', `${JOBS}/${id}/attempts`)).body;
      return data[0]?.status === 'completed';
    });
    expect((await reelay.api.job(id)).status).toBe('cancelled');
  });

  it('is paused and runs on when it is resumed', async () => {
    const { id, attemptId } = await running();
    expect((await act(id, 'pause')).body.status).toBe('paused');
    await told('pause_process', attemptId);
    expect((await act(id, 'resume')).body.status).toBe('running');
    await told('resume_process', attemptId);
    worker.complete();
    await reelay.api.until(id, 'completed');
  });

  it('is completed where its work ended before the pause reached it', async () => {
    const { id } = await running();
    await act(id, 'pause');
    worker.complete();
    await reelay.api.until(id, 'completed');
  });

  it('that failed is retried now, with a fresh budget', async () => {
    const { id } = await running();
    await database.query('UPDATE jobs SET max_retries = 0 WHERE id = $1', [id]);
    worker.fail('short', 'no more tape');
    await reelay.api.until(id, 'failed');
    const { body } = await act(id, 'retry');
    expect(body).toMatchObject({ retryCount: 1, retryAfter: null, error: null });
    expect(body.log).toMatch(/no more tape[\s\S]*--- RETRY ATTEMPT 1 ---/);
    await worker.nextOrder();
    worker.complete();
    await reelay.api.until(id, 'completed');
    const { data } = (await reelay.api.call<{ data: AttemptView[] }>('GET', `${JOBS}/${id}/attempts`)).body;
    expect(data.map(({ number, status, worker: by }) => [number, status, by])).toEqual([
      [1, 'failed', 'c0ffee00c001'],
      [2, 'completed', null],
    ]);
    expect(data[0]?.error).toEqual({ code: 'WORKER_ERROR', message: 'no more tape' });
  });

  it('has a log that can be read on from any line', async () => {
    const [{ id } = { id: '' }] = (await reelay.api.jobs('?type=controlled&status=completed&limit=1')).data;
    const log = async (query: string) => (await reelay.api.call<LogPage>('GET', `${JOBS}/${id}/log${query}`)).body;
    const all = await log('');
    expect(all.data.map(({ line }) => line)).toContain('--- RETRY ATTEMPT 1 ---');
    const rest = await log(`?after=${String(all.data[0]?.seq)}&limit=1`);
    expect(rest.data).toEqual([all.data[1]]);
    expect((await log(`?after=${String(all.next)}`)).data).toEqual([]);
  });
});

describe('many jobs at once', () => {
  const bulk = (jobs: unknown[], more = {}) =>
    reelay.api.call<BulkCreateAnswer>('POST', `${JOBS}/bulk`, { jobs, ...more });
  const good = (n: number) => ({ type: 'bulk_type', params: { n }, priority: 9 });

  it('are stored together, in their order', async () => {
    const { status, body } = await bulk(Array.from({ length: 1000 }, (_, n) => good(n)));
    expect(status).toBe(201);
    const ids = body.data.map((outcome) => ('id' in outcome ? outcome.id : ''));
    expect(new Set(ids).size).toBe(1000);
    expect((await reelay.api.job(ids[17] ?? '')).params).toEqual({ n: 17 });
  });

  it('are all refused for one that is bad, naming it', async () => {
    const before = (await reelay.api.jobs('?type=bulk_type')).pagination.total;
    const { status, body } = await reelay.api.problem('POST', `${JOBS}/bulk`, {
      jobs: [good(1), { type: 'validate', params: {} }, { kind: 'x' }],
    });
    expect([status, body.code]).toEqual([422, 'BULK_REFUSED']);
    expect(body.errors?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['jobs.1.params.inputPath', 'jobs.2.type']),
    );
    expect((await reelay.api.jobs('?type=bulk_type')).pagination.total).toBe(before);
  });

  it('have outcomes of their own when that is asked for', async () => {
    const { status, body } = await bulk([good(1), { type: 'validate', params: {} }, good(2)], { atomic: false });
    expect(status).toBe(201);
    expect(body.data.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.status))).toEqual([
      'pending',
      'INVALID_PARAMETERS',
      'pending',
    ]);
  });

  it.each([[[]], [Array.from({ length: 1001 }, (_, n) => good(n))]])('are neither none nor too many', async (jobs) => {
    expect((await bulk(jobs)).status).toBe(400);
  });

  it('are acted on by filter', async () => {
    const actions = (action: string, filter: unknown) =>
      reelay.api.call<{ matched: number; changed: number }>('POST', `${JOBS}/actions`, { action, filter });
    const paused = await actions('pause', { type: ['bulk_type'], q: '1*' });
    expect(paused.body.matched).toBeGreaterThan(100);
    expect(paused.body.changed).toBe(paused.body.matched);
    const cancelled = await actions('cancel', { type: ['bulk_type'], createdAfter: '2020-01-01T00:00:00Z' });
    expect(cancelled.body).toEqual({ matched: 1002, changed: 1002 });
    expect((await actions('resume', { type: ['bulk_type'] })).body.changed).toBe(0);
    expect((await actions('delete', { type: ['bulk_type'] })).body.changed).toBe(1002);
    expect((await actions('delete', {})).status).toBe(400);
    expect((await actions('explode', { type: ['x'] })).status).toBe(400);
  });
});

describe('figures', () => {
  it('count jobs by state and type, what is in use, and how long jobs take', async () => {
    const { body } = await reelay.api.call<JobStats>('GET', `${JOBS}/stats`);
    const total = (await reelay.api.jobs()).pagination.total;
    expect(JOB_STATUSES.reduce((sum, status) => sum + body[status], 0)).toBe(total);
    expect(Object.values(body.jobsByType).reduce((sum, n) => sum + n, 0)).toBe(total);
    expect(body).toMatchObject({ totalVramUsed: 0, totalVramAvailable: 0, categories: { cpu: { limit: 5 } } });
    expect(body.averageProcessingTime).toBeGreaterThan(0);
  });
});
