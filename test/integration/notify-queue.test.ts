import { randomUUID } from 'node:crypto';
import {
  jobEvent,
  workflowEvent,
  type BulkCreateAnswer,
  type CreatedJob,
  type StartedWorkflow,
  type WorkflowEvent,
} from '@reelay/contracts';
import amqp, { type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let connection: ChannelModel;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { 'worker-library': 1 } });
  connection = await amqp.connect(reelay.amqpUrl);
  await eventually('the worker is announced', async () => (await reelay.api.workers()).length === 1);
});
afterAll(async () => {
  await connection.close();
  await reelay.stop();
});

const JOB = { type: 'probe', params: { inputPath: 'inbox/none.mp4' }, notifyQueue: true };

/** The states that a job's own queue was told of, until one that is final. */
async function toldBy(queue: string): Promise<string[]> {
  const channel = await connection.createChannel();
  const told: string[] = [];
  await eventually('the end is told', async () => {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return false;
    const event = jobEvent.parse(JSON.parse(message.content.toString()));
    expect(event.id).toBe(queue);
    told.push(event.status);
    return ['completed', 'failed', 'cancelled'].includes(event.status);
  });
  await channel.close();
  return told;
}

it('a queue named after the job is told all that becomes of it, from the first state on', async () => {
  const { status, body } = await reelay.api.call<CreatedJob>('POST', '/api/media/jobs', JOB);
  expect(status).toBe(201);
  const told = await toldBy(body.id);
  expect([told[0], told.at(-1)]).toEqual(['pending', 'failed']);
});

it('each job of a bulk has its own, where it asked for one', async () => {
  const jobs = [JOB, { ...JOB, notifyQueue: false }, JOB];
  const { body } = await reelay.api.call<BulkCreateAnswer>('POST', '/api/media/jobs/bulk', { jobs });
  const ids = body.data.map((each) => ('id' in each ? each.id : ''));
  for (const id of [ids[0], ids[2]]) expect((await toldBy(id ?? ''))[0]).toBe('pending');
  expect((await reelay.vhost!.queues()).has(ids[1] ?? '')).toBe(false);
});

it('a request that is sent again makes no second one', async () => {
  const before = (await reelay.vhost!.queues()).size;
  const headers = {
    ...{ 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    authorization: `Bearer ${reelay.stack.token}`,
  };
  const ids = new Set<string>();
  for (let time = 0; time < 2; time++) {
    const request = { method: 'POST', headers, body: JSON.stringify(JOB) };
    const answer = await fetch(`${reelay.stack.apiUrl}/api/media/jobs`, request);
    ids.add(((await answer.json()) as CreatedJob).id);
  }
  expect([ids.size, (await reelay.vhost!.queues()).size]).toEqual([1, before + 1]);
});

it('a queue named after the workflow is told of each step, and of the end', async () => {
  const workflow = { template: 'ingest', input: { videoId: await unreadableVideo() }, notifyQueue: true };
  const { status, body } = await reelay.api.call<StartedWorkflow>('POST', '/api/media/workflows', workflow);
  expect(status).toBe(201);
  const channel = await connection.createChannel();
  const told: WorkflowEvent[] = [];
  await eventually('the end is told', async () => {
    const message = await channel.get(body.id, { noAck: true });
    if (message) told.push(workflowEvent.parse(JSON.parse(message.content.toString())));
    return told.at(-1)?.status === 'failed' && told.at(-1)?.step === undefined;
  });
  await channel.close();
  expect(told[0]).toMatchObject({ workflowId: body.id, status: 'running' });
  expect(told.map(({ step, stepStatus }) => `${step ?? ''} ${stepStatus ?? ''}`)).toContain('validate running');
});

/** A video on record whose file is not there. */
async function unreadableVideo(): Promise<string> {
  const store = await openStore(reelay.databaseUrl);
  try {
    const rows = await store.query<{ id: string }[]>(
      "INSERT INTO videos (path) VALUES ('inbox/none.mp4') ON CONFLICT (path) DO UPDATE SET path = excluded.path RETURNING id",
    );
    return rows[0]?.id ?? '';
  } finally {
    await store.destroy();
  }
}

it('a queue that nobody reads goes after an hour, and holds no more than a broker can bear', async () => {
  const { body } = await reelay.api.call<CreatedJob>('POST', '/api/media/jobs', JOB);
  expect((await reelay.vhost!.queues()).get(body.id)).toMatchObject({
    ...{ 'x-expires': 3_600_000, 'x-max-length': 10_000, 'x-overflow': 'drop-head' },
  });
});
