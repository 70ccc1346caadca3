import type { ParkedList } from '@reelay/contracts';
import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { addSample } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 3, 'worker-library': 1 } });
  connection = await amqp.connect(reelay.amqpUrl);
  channel = await connection.createChannel();
});
afterAll(async () => {
  await connection.close();
  await reelay.stop();
});

const send = (exchange: string, key: string, body: string | Buffer, headers = {}): void => {
  channel.publish(exchange, key, Buffer.isBuffer(body) ? body : Buffer.from(body), { headers });
};

describe('messages that cannot be handled', () => {
  it.each([
    ['no JSON', 'job_completed', '{"job_id":'],
    ['a wrong shape', 'job_completed', '{"job_id":"seven","status":"completed"}'],
    ['an answer without a job', 'job_progression', '{}'],
    ['an error about nothing that is known', 'job_error', '{"status":"error","message":"why"}'],
    [
      'a log line with a NUL, which no database text holds',
      'job_log',
      '{"job_id":1,"lines":[{"at":"2026-01-01T00:00:00Z","line":"a\\u0000b"}]}',
    ],
    ['8 MiB', 'job_error', `{"job_id":1,"error":"${'x'.repeat(8 * 1024 * 1024)}"}`],
    ['a discovery of a type that is no name', 'worker_discovery', '{"instance_id":"x","queue_name":"no.#"}'],
  ])('%s: parked once, with the reason, and the next ones go on', async (_what, queue, body) => {
    const exchange = queue === 'worker_discovery' ? 'worker_response' : 'job_response';
    send(exchange, queue, body);
    const [parked, ...more] = await eventually('it is parked', async () => {
      const messages = await reelay.vhost!.take('job_response_dead');
      return messages.length > 0 ? messages : null;
    });
    expect(more).toEqual([]);
    expect(parked?.payload).toBe(body);
    expect(parked?.properties.headers).toMatchObject({ 'x-reelay-queue': queue, 'x-reelay-routing-key': queue });
    expect(parked?.properties.headers?.['x-reelay-reason']).toMatch(/\S/);

    const sample = await addSample(reelay.mediaRoot);
    await reelay.api.until(await reelay.api.submit('validate', { inputPath: sample }), 'completed');
  });
});

describe('answers that no queue is bound for', () => {
  it('are kept where an operator sees them', async () => {
    send('job_response', 'job_unheard_of', '{"job_id":1}');
    const { data } = await eventually('it is kept', async () => {
      const { body } = await reelay.api.call<ParkedList>('GET', '/api/media/parked');
      return body.total > 0 ? body : null;
    });
    expect(data).toMatchObject([
      {
        queue: 'job_response_not_found',
        reason: 'no queue takes the routing key job_unheard_of',
        exchange: 'job_response',
        routingKey: 'job_unheard_of',
      },
    ]);
  });
});

describe('a queue that is deleted under its consumer', () => {
  it('comes back, and answers are taken again', async () => {
    const sample = await addSample(reelay.mediaRoot);
    for (const queue of ['job_completed', 'job_progression', 'validate']) await reelay.vhost!.deleteQueue(queue);
    await eventually('the backend is ready again', async () => {
      const { body } = await reelay.api.call<{ status: string }>('GET', '/health/ready');
      return body.status === 'ok';
    });
    const id = await reelay.api.submit('validate', { inputPath: sample });
    await reelay.api.until(id, 'completed', 40_000);
  });
});

describe('three backends on one database', () => {
  it('send every job once', async () => {
    const sample = await addSample(reelay.mediaRoot);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        fetch(`${reelay.stack.apiUrls[n % 3] ?? ''}/api/media/jobs`, {
          method: 'POST',
          headers: { authorization: `Bearer ${reelay.stack.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ type: 'validate', params: { inputPath: sample } }),
        }).then((response) => response.json() as Promise<{ id: string }>),
      ),
    );
    for (const { id } of answers) await reelay.api.until(id, 'completed', 60_000);
    const { data } = await reelay.api.jobs('?type=validate&limit=100');
    expect(data.every(({ status, retryCount }) => status === 'completed' && retryCount === 0)).toBe(true);
  });
});
