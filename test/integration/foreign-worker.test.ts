import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ForeignWorker } from '../support/foreign-worker.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let workers: ForeignWorker[] = [];

beforeAll(async () => {
  reelay = await startReelay();
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop().catch(() => undefined)));
  workers = [];
});
afterAll(() => reelay.stop());

/** Every test has a job type of its own, so that no queue is shared. */
async function startWorker(jobType: string, instanceId: string): Promise<ForeignWorker> {
  const worker = await new ForeignWorker(reelay.amqpUrl, jobType, instanceId).start();
  workers.push(worker);
  await eventually('the worker is announced', async () =>
    (await reelay.api.workers()).some((known) => known.instanceId === instanceId && known.live),
  );
  return worker;
}

describe("a worker that knows only Media Cloud AI's messages", () => {
  it('takes an order, reports progress and completes', async () => {
    const worker = await startWorker('foreign_completes', 'c0ffee000001');
    const id = await reelay.api.submit('foreign_completes', { source_path: 'inbox/a.mxf', crf: 23 });

    const order = await worker.nextOrder();
    expect(order.parameters).toHaveLength(2);
    expect(order.parameters).toContainEqual({ id: 'source_path', type: 'string', value: 'inbox/a.mxf' });
    expect(order.parameters).toContainEqual({ id: 'crf', type: 'integer', value: 23 });
    worker.progress(0);
    await reelay.api.until(id, 'running');
    worker.progress(40);
    await eventually('progress', async () => (await reelay.api.job(id)).progress === 40);
    worker.complete();

    const job = await reelay.api.until(id, 'completed');
    expect(job).toMatchObject({
      progress: 100,
      worker: 'c0ffee000001',
      destinationPaths: ['/data/out.mxf'],
      result: { detected_language: 'fr' },
    });
  });

  it('gets a job that was submitted before it was there', async () => {
    const id = await reelay.api.submit('foreign_late', { source_path: 'a' });
    await eventually('the order came back', async () => (await reelay.api.job(id)).waitingReason !== null);
    const worker = await startWorker('foreign_late', 'c0ffee000002');
    await worker.nextOrder();
    worker.complete();
    await reelay.api.until(id, 'completed');
  });

  it.each(['result', 'short', 'anonymous'] as const)('fails in the shape "%s"', async (shape) => {
    const worker = await startWorker(`foreign_fails_${shape}`, `c0ffee00010${shape}`);
    const id = await reelay.api.submit(`foreign_fails_${shape}`, { source_path: 'a' }, { maxRetries: 0 });
    await worker.nextOrder();
    worker.progress(0);
    worker.fail(shape, 'the tape is torn');
    const job = await reelay.api.until(id, 'failed');
    expect(job.error).toEqual({ code: 'WORKER_ERROR', message: 'the tape is torn', retryable: true });
    expect(job.log).toContain('the tape is torn');
  });

  it('has its failed job retried later, with a reason', async () => {
    const worker = await startWorker('foreign_retries', 'c0ffee000200');
    const id = await reelay.api.submit('foreign_retries', { source_path: 'a' });
    await worker.nextOrder();
    worker.fail('short', 'busy');
    const job = await eventually('the job waits for its retry', async () => {
      const now = await reelay.api.job(id);
      return now.retryCount === 1 ? now : null;
    });
    expect(job.status).toBe('pending');
    expect(job.waitingReason).toMatch(/^retries at \d{4}-/);
    expect(Date.parse(job.retryAfter ?? '') - Date.now()).toBeGreaterThan(100_000);
  });

  it('dies: the order that it had not acknowledged goes to the next one, which takes over', async () => {
    const first = await startWorker('foreign_dies', 'c0ffee000301');
    const id = await reelay.api.submit('foreign_dies', { source_path: 'a' });
    const order = await first.nextOrder();
    first.progress(0);
    await reelay.api.until(id, 'running');
    await first.crash();

    const second = await startWorker('foreign_dies', 'c0ffee000302');
    const again = await second.nextOrder();
    expect(again.job_id).toBe(order.job_id);
    second.progress(0);
    await eventually('it holds the attempt', async () => (await reelay.api.job(id)).worker === 'c0ffee000302');
    second.complete();
    await reelay.api.until(id, 'completed');
  });

  it('has its parameters checked against the schema that it announced', async () => {
    await startWorker('foreign_strict', 'c0ffee000400');
    const answer = await reelay.api.problem('POST', '/api/media/jobs', {
      type: 'foreign_strict',
      params: { crf: 'x' },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('INVALID_PARAMETERS');
    expect(answer.body.errors?.map(({ path, code }) => [path, code])).toEqual([
      ['params', 'required'],
      ['params.crf', 'type'],
    ]);
  });

  it('answers when it is asked for its status, and stays live', async () => {
    const worker = await startWorker('foreign_status', 'c0ffee000500');
    await eventually('the broadcast arrives', () => worker.directMessages.some(({ type }) => type === 'status'));
  });
});
