import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '@reelay/contracts';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2 } });
});
afterAll(() => reelay.stop());

async function submit(key: string, body: unknown, options: { route?: string; replica?: number } = {}) {
  const { route = '', replica = 0 } = options;
  const response = await fetch(`${reelay.stack.apiUrls[replica] ?? ''}/api/media/jobs${route}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${reelay.stack.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const job = (n: number) => ({ type: 'once', params: { n } });
const total = async (): Promise<number> => (await reelay.api.jobs('?type=once')).pagination.total;

describe('Idempotency-Key', () => {
  it('gives the same answer to the same request, at any backend', async () => {
    const first = await submit('a', job(1));
    const again = await submit('a', job(1), { replica: 1 });
    expect(first.status).toBe(201);
    expect(again).toEqual(first);
    expect(await total()).toBe(1);
  });

  it('refuses another body', async () => {
    const other = (await submit('a', job(2))) as unknown as { status: number; body: Problem };
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('makes one job of fifty requests at once', async () => {
    const before = await total();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => submit('b', job(3), { replica: n % 2 })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await total()).toBe(before + 1);
  });

  it('is for one route: a bulk submit has keys of its own', async () => {
    const body = { jobs: [job(4), job(5)] };
    const first = await submit('a', body, { route: '/bulk' });
    expect(first.status).toBe(201);
    expect(await submit('a', body, { route: '/bulk' })).toEqual(first);
  });

  it('keeps nothing of a request that was refused', async () => {
    expect((await submit('c', { type: 'validate', params: {} })).status).toBe(422);
    expect((await submit('c', job(6))).status).toBe(201);
  });

  it.each(['with space', 'x'.repeat(201)])('refuses the key %j', async (key) => {
    expect((await submit(key, job(7))).status).toBe(400);
  });
});
