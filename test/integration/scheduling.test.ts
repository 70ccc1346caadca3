import {
  JOB_CONTRACTS,
  type ExplanationView,
  type JobTypeView,
  type Settings,
  type SimulationView,
  type WorkerView,
} from '@reelay/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ForeignWorker } from '../support/foreign-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

const WORKER = 'c0ffee00d001';

let reelay: Reelay;
let worker: ForeignWorker;

beforeAll(async () => {
  reelay = await startReelay();
  worker = await new ForeignWorker(reelay.amqpUrl, 'planned', WORKER).start();
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});
beforeEach(async () => {
  await patch({ limits: { cpu: 5 }, scheduling: { paused: false, ageingMinutes: null } });
});
afterAll(async () => {
  await worker.stop();
  await reelay.stop();
});

const patch = (body: unknown) => reelay.api.call<Settings>('PATCH', '/api/media/settings', body);
const submit = (priority: number): Promise<string> => reelay.api.submit('planned', { source_path: 'a' }, { priority });
const reasonOf = (id: string) =>
  eventually('a waiting reason', async () => {
    const job = await reelay.api.job(id);
    return job.status === 'pending' ? job.waitingReason : null;
  });
const explain = (id: string) => reelay.api.call<ExplanationView>('GET', `/api/media/jobs/${id}/explain`);

/** Runs what is out, and ends it. */
async function endNext(id: string): Promise<void> {
  await worker.nextOrder();
  worker.complete();
  await reelay.api.until(id, 'completed');
}

describe('what runs next', () => {
  it('is the job with the best priority, and no order is out without a free slot', async () => {
    const first = await submit(5);
    await worker.nextOrder();
    const low = await submit(8);
    const high = await submit(2);
    expect(await reasonOf(high)).toBe('the worker for job type planned is busy');
    expect((await reelay.api.job(low)).status).toBe('pending');
    worker.complete();
    await reelay.api.until(first, 'completed');
    await eventually('the better one is out', async () => (await reelay.api.job(high)).status !== 'pending');
    expect((await reelay.api.job(low)).status).toBe('pending');
    await endNext(high);
    await endNext(low);
  });

  it('follows a priority that is changed while jobs wait', async () => {
    const first = await submit(5);
    await worker.nextOrder();
    const a = await submit(5);
    const b = await submit(5);
    await reelay.api.call('PATCH', `/api/media/jobs/${b}`, { priority: 1 });
    worker.complete();
    await reelay.api.until(first, 'completed');
    await endNext(b);
    await endNext(a);
  });
});

describe('settings', () => {
  it('hold from the next decision on', async () => {
    await patch({ limits: { cpu: 0 } });
    const id = await submit(5);
    expect(await reasonOf(id)).toBe('category cpu is at its limit (0 of 0)');
    expect((await patch({ limits: { cpu: 3 } })).body.limits).toMatchObject({ cpu: 3, gpu_encode: 2 });
    await endNext(id);
  });

  it('pause the whole queue', async () => {
    await patch({ scheduling: { paused: true } });
    const id = await submit(5);
    expect(await reasonOf(id)).toBe('the queue is paused');
    await patch({ scheduling: { paused: false } });
    await endNext(id);
  });

  it.each([{ limits: { cpu: -1 } }, { limits: { tpu: 1 } }, { colour: 'red' }, { retry: { jitter: 2 } }])(
    'refuse %j',
    async (body) => {
      expect((await patch(body)).status).toBe(400);
    },
  );
});

describe('job types', () => {
  it('are listed with their schemas and workers', async () => {
    const { data } = (await reelay.api.call<{ data: JobTypeView[] }>('GET', '/api/media/job-types')).body;
    expect(data.map(({ type, builtIn, liveWorkers }) => [type, builtIn, liveWorkers])).toEqual([
      ...[['planned', false, 1] as const, ...[...JOB_CONTRACTS.keys()].map((type) => [type, true, 0] as const)].sort(),
    ]);
    expect(data.find(({ type }) => type === 'planned')).toMatchObject({
      label: 'Foreign work',
      parameters: { required: ['source_path'] },
    });
    expect(data.find(({ type }) => type === 'validate')?.parameters).toMatchObject({
      type: 'object',
      additionalProperties: false,
    });
    expect((await reelay.api.problem('GET', '/api/media/job-types/nothing')).body.code).toBe('JOB_TYPE_NOT_FOUND');
  });

  it('can be paused', async () => {
    const { body } = await reelay.api.call<JobTypeView>('POST', '/api/media/job-types/planned/pause');
    expect(body.paused).toBe(true);
    const id = await submit(5);
    expect(await reasonOf(id)).toBe('job type planned is paused');
    await reelay.api.call('POST', '/api/media/job-types/planned/resume');
    await endNext(id);
  });
});

describe('categories', () => {
  it('can be paused', async () => {
    await patch({ scheduling: { pausedCategories: ['cpu'] } });
    const id = await submit(5);
    expect(await reasonOf(id)).toMatch(/^category cpu is paused/);
    await patch({ scheduling: { pausedCategories: [] } });
    await endNext(id);
    expect(
      (await reelay.api.problem('PATCH', '/api/media/settings', { scheduling: { pausedCategories: ['tpu'] } })).status,
    ).toBe(400);
  });
});

describe('workers', () => {
  it('can be paused: they are sent nothing until they are resumed', async () => {
    const { body } = await reelay.api.call<WorkerView>('POST', `/api/media/workers/${WORKER}/pause`);
    expect(body).toMatchObject({ instanceId: WORKER, wish: 'pause' });
    await eventually('it is told', () => worker.directMessages.some(({ type }) => type === 'stop_consuming_jobs'));
    const id = await submit(5);
    expect(await reasonOf(id)).toMatch(/^no live worker serves job type planned/);
    await reelay.api.call('POST', `/api/media/workers/${WORKER}/resume`);
    await eventually('it is told', () => worker.directMessages.some(({ type }) => type === 'resume_consuming_jobs'));
    await endNext(id);
    expect((await reelay.api.problem('POST', '/api/media/workers/nobody/pause')).body.code).toBe('WORKER_NOT_FOUND');
  });
});

describe('what is foretold', () => {
  it('explains every constraint, the position and the start', async () => {
    const running = await submit(5);
    await worker.nextOrder();
    const next = await submit(3);
    const last = await submit(7);
    await reasonOf(last);
    const { body } = await explain(last);
    expect(body).toMatchObject({ status: 'waits', position: 2, reason: 'the worker for job type planned is busy' });
    expect(body.constraints.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['slot']);
    expect(Date.parse(body.predictedStart ?? '')).toBeGreaterThan(Date.now() - 5_000);
    expect((await explain(next)).body.position).toBe(1);
    const positions = await Promise.all(
      [next, last, running].map(async (id) => (await reelay.api.job(id)).queuePosition),
    );
    expect(positions).toEqual([1, 2, null]);
    expect((await explain(running)).status).toBe(409);
    worker.complete();
    await endNext(next);
    await endNext(last);
    expect((await explain(last)).status).toBe(409);
  });

  it('simulates waiting and imagined jobs by the same plan', async () => {
    const running = await submit(5);
    await worker.nextOrder();
    const waiting = await submit(5);
    const imagine = (priority: number) => ({ type: 'planned', params: { source_path: 'x' }, priority });
    const { body } = await reelay.api.call<SimulationView>('POST', '/api/media/jobs/simulate', {
      jobs: [imagine(9), imagine(1), { type: 'unheard_of' }],
    });
    expect(body.schedule.filter(({ id }) => id !== 'new-3').map(({ id }) => id)).toEqual(['new-2', waiting, 'new-1']);
    const [first, second] = body.schedule.filter(({ worker: by }) => by === WORKER);
    expect(Date.parse(second?.start ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.end ?? ''));
    expect(body.makespanSeconds).toBeGreaterThan(0);
    expect((await reelay.api.jobs('?type=unheard_of')).data).toEqual([]);
    worker.complete();
    await reelay.api.until(running, 'completed');
    await endNext(waiting);
  });
});
