import type { ParkedList } from '@reelay/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { RawClient } from '../support/raw-client.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { startRecordingWorker, type RecordingWorker } from '../support/test-worker.js';

/** Every queue whose messages the backend handles. */
const QUEUES = [
  'job_queue_not_found',
  'job_completed',
  'job_progression',
  'job_error',
  'job_stopped',
  'job_log',
  'worker_discovery',
  'worker_status',
  'worker_terminated',
  'job_response_not_found',
  'worker_response_not_found',
];

const POISONS: readonly (readonly [what: string, content: Buffer])[] = [
  ['broken JSON', Buffer.from('{"job_id": 1,')],
  ['no text at all', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ['a list', Buffer.from('[1, 2, 3]')],
  ['8 MiB', Buffer.from(`{"job_id": 1, "padding": "${'x'.repeat(8 * 1024 * 1024)}"}`)],
];

let reelay: Reelay;
let client: RawClient;
let worker: RecordingWorker;

beforeAll(async () => {
  reelay = await startReelay();
  worker = await startRecordingWorker(reelay, { name: 'recorder', slots: 5 });
  client = await RawClient.connect(reelay.amqpUrl);
});
afterAll(async () => {
  await client.close();
  await worker.service.stop();
  await reelay.stop();
});

const parked = async (): Promise<ParkedList> =>
  (await reelay.api.call<ParkedList>('GET', '/api/media/parked?limit=100')).body;

const count = QUEUES.length * POISONS.length;

it('poison in every queue of the backend is parked once, hinders nobody, and can be replayed and discarded', async () => {
  for (const queue of QUEUES) {
    for (const [, content] of POISONS) client.publish('', queue, content);
  }
  await client.confirmed();
  // Work goes on behind it in the same queues.
  for (const n of [1, 2, 3])
    await reelay.api.until(await reelay.api.submit('recorded', { n, ms: 100 }), 'completed', 60_000);

  const { data } = await eventually(
    'all poison is parked',
    async () => {
      const seen = await parked();
      return seen.total >= count ? seen : null;
    },
    60_000,
  );
  const kinds = data.map(({ queue, size }) => `${String(queue)} ${String(size)}`).sort();
  expect(kinds).toEqual(
    QUEUES.flatMap((queue) => POISONS.map(([, content]) => `${queue} ${String(content.length)}`)).sort(),
  );
  for (const { body, exchange, queue, routingKey } of data) {
    expect(body.length).toBeLessThanOrEqual(2_000);
    expect([exchange, routingKey]).toEqual(['', queue]);
  }

  const large = data.filter(({ size }) => size > 8 * 1024 * 1024).map(({ id }) => id);
  const discard = await reelay.api.call('POST', '/api/media/parked/discard', { ids: large });
  expect(discard.body).toEqual({ matched: QUEUES.length, discarded: QUEUES.length });
  const rest = count - QUEUES.length;
  // Whoever replays what is still unfit has it back, once.
  const broken = data.filter(({ body }) => body.startsWith('{"job_id": 1,')).filter(({ id }) => !large.includes(id));
  const replay = await reelay.api.call('POST', '/api/media/parked/replay', { ids: broken.map(({ id }) => id) });
  expect(replay.body).toEqual({ matched: QUEUES.length, replayed: QUEUES.length });
  await eventually('it is parked again', async () => {
    const now = await parked();
    return now.total === rest && now.data.every(({ id }) => !broken.some((old) => old.id === id));
  });
});
