import type { ParkedList, ParkedMessage } from '@reelay/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { ForeignWorker } from '../support/foreign-worker.js';
import { RawClient } from '../support/raw-client.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let client: RawClient;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  client = await RawClient.connect(reelay.amqpUrl);
});
afterEach(async () => {
  await act('discard', { reason: ' ' });
  expect((await list()).total).toBe(0);
});
afterAll(async () => {
  await client.close();
  await reelay.stop();
});

const list = async (query = ''): Promise<ParkedList> =>
  (await reelay.api.call<ParkedList>('GET', `/api/media/parked${query}`)).body;

const act = async (action: 'replay' | 'discard', choice: unknown) =>
  (await reelay.api.call<Record<string, unknown>>('POST', `/api/media/parked/${action}`, choice)).body;

const parked = (count: number): Promise<readonly ParkedMessage[]> =>
  eventually(`${String(count)} parked`, async () => {
    const { data, total } = await list();
    return total === count ? data : null;
  });

describe('an answer that cannot be applied', () => {
  it('is parked with all that is known of it, and is applied when it is replayed later', async () => {
    const worker = await new ForeignWorker(reelay.amqpUrl, 'parked_type', 'c0ffee000500').start();
    await eventually('it is announced', async () => (await reelay.api.workers()).some(({ app }) => app === null));
    // The answer names its job only by the correlation id, and that job has no attempt yet.
    await reelay.api.call('PATCH', '/api/media/settings', { scheduling: { paused: true } });
    const id = await reelay.api.submit('parked_type', { source_path: 'a' }, { maxRetries: 0 });
    const answer = { status: 'error', message: 'the tape is torn' };
    client.publish('job_response', 'job_error', answer, id);
    const [first] = await parked(1);
    expect(first).toEqual({
      id: expect.any(String) as string,
      parkedIn: 'job_response_dead',
      queue: 'job_error',
      reason: 'an error that names neither an attempt nor a known job',
      exchange: 'job_response',
      routingKey: 'job_error',
      size: JSON.stringify(answer).length,
      body: JSON.stringify(answer),
      correlationId: id,
      parkedAt: expect.any(String) as string,
    });
    expect(Math.abs(Date.parse(first?.parkedAt ?? '') - Date.now())).toBeLessThan(60_000);
    expect(await list()).toEqual({ data: [first], total: 1 });

    await reelay.api.call('PATCH', '/api/media/settings', { scheduling: { paused: false } });
    await worker.nextOrder();
    expect(await act('replay', { ids: [first?.id] })).toEqual({ matched: 1, replayed: 1 });
    expect((await reelay.api.until(id, 'failed')).error?.message).toBe('the tape is torn');
    await worker.stop();
  });

  it('that is still unfit is parked again', async () => {
    client.publish('job_response', 'job_completed', Buffer.from('{"job_id":'));
    const [first] = await parked(1);
    expect(await act('replay', { ids: [first?.id] })).toEqual({ matched: 1, replayed: 1 });
    const again = await eventually('it is parked again', async () => {
      const { data } = await list();
      return data.find(({ id }) => id !== first?.id);
    });
    expect(again).toEqual({ ...first, id: again.id, parkedAt: again.parkedAt });
  });
});

describe('an order that no worker can read', () => {
  it('is shown beside the answers, and can be discarded', async () => {
    client.publish('job_submit', 'validate', { job_id: 'no number' });
    const [order] = await parked(1);
    expect(order).toMatchObject({
      parkedIn: 'job_order_dead',
      queue: 'validate',
      reason: 'rejected: it could not be read',
      exchange: 'job_submit',
      routingKey: 'validate',
      body: '{"job_id":"no number"}',
      parkedAt: expect.any(String) as string,
    });
    expect(await act('discard', { reason: 'rejected' })).toEqual({ matched: 1, discarded: 1 });
    expect(await list()).toEqual({ data: [], total: 0 });
  });
});

describe('the list', () => {
  it('shows as many as were asked for and counts all; what was not chosen stays where it was', async () => {
    for (const n of [1, 2, 3]) client.publish('job_response', 'job_completed', { n });
    const all = await parked(3);
    expect(all.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(await list('?limit=2')).toEqual({ data: all.slice(0, 2), total: 3 });
    expect(await act('discard', { ids: [all[1]?.id, 'unknown'] })).toEqual({ matched: 1, discarded: 1 });
    expect(await act('replay', { reason: 'no such reason' })).toEqual({ matched: 0, replayed: 0 });
    expect(await list()).toEqual({ data: [all[0], all[2]], total: 2 });
  });

  it.each([
    ['GET', '?limit=0'],
    ['GET', '?limit=101'],
    ['GET', '?page=1'],
    ['POST', '/replay', {}],
    ['POST', '/discard', { ids: [] }],
    ['POST', '/discard', { queue: 'job_error' }],
  ])('refuses %s %s', async (method, path, body?: unknown) => {
    expect((await reelay.api.problem(method, `/api/media/parked${path}`, body)).body).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
    });
  });
});
