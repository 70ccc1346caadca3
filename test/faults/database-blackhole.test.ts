import type { Problem } from '@reelay/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectSound } from '../support/oracle.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

/** A request that has no answer by then hangs. */
const ANSWERED_WITHIN_MS = 40_000;
/** More than the backend has connections, so that the last ones find none. */
const REQUESTS = 12;

let reelay: Reelay;
let worker: RecordingWorker;

beforeAll(async () => {
  reelay = await startReelay({ proxied: true });
  worker = await startRecordingWorker(reelay, { name: 'recorder', slots: 2 });
});
afterAll(async () => {
  await worker.service.stop();
  await reelay.stop();
});

interface Outcome {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly code: string;
}

async function ask(path: string, body?: unknown): Promise<Outcome> {
  const response = await fetch(`${reelay.api.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${reelay.stack.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
  });
  const { code } = (await response.json()) as Problem;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), code };
}

it('a database that falls silent is answered for with 503; when it is back, all goes on, locks included', async () => {
  const { database } = reelay.links!;
  // The server is left with a transaction that holds the dispatcher's lock, and is never told that its client is gone.
  const dispatching = database.hold(
    { to: 'server', bytes: 'pg_advisory_xact_lock' },
    { to: 'server', bytes: 'COMMIT' },
  );
  const waiting = await reelay.api.submit('recorded', { n: 1, ms: 10 });
  await dispatching;
  database.blackhole();

  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, (_, n) =>
      n % 2 === 0
        ? ask('/api/media/jobs')
        : ask('/api/media/jobs', { type: 'recorded', params: { n: 100 + n, ms: 10 } }),
    ),
  );
  const expected: Outcome = { status: 503, retryAfter: expect.any(String) as string, code: 'STORE_UNAVAILABLE' };
  expect(answers).toEqual(answers.map(() => expected));
  expect((await reelay.api.call('GET', '/health/live')).status).toBe(200);

  database.pass();
  await eventually(
    'the backend is ready',
    async () => (await reelay.api.call('GET', '/health/ready')).status === 200,
    60_000,
  );
  const later = await reelay.api.submit('recorded', { n: 2, ms: 10 });
  for (const id of [waiting, later]) await reelay.api.until(id, 'completed', 60_000);
  expect(worker.runs().filter(({ what, n }) => what === 'done' && n < 100)).toHaveLength(2);
  await expectSound(reelay, { failed: 0, cancelled: 0 });
});
