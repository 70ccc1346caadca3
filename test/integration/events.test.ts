import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobEvent, LogPage } from '@reelay/contracts';
import { eventually } from '../support/eventually.js';
import { EventStream } from '../support/event-stream.js';
import { addSample } from '../support/media.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;
let sample: string;

beforeAll(async () => {
  reelay = await startReelay({ replicas: { backend: 2, 'worker-library': 1 } });
  sample = await addSample(reelay.mediaRoot);
});
afterAll(() => reelay.stop());

const open = (path: string, options: { replica?: number; lastEventId?: string } = {}) =>
  EventStream.open(
    `${reelay.stack.apiUrls[options.replica ?? 0] ?? ''}${path}`,
    reelay.stack.token,
    options.lastEventId,
  );

const statuses = (stream: EventStream, id: string): string[] =>
  stream.events
    .map(({ data }) => data as JobEvent)
    .filter((event) => event.id === id)
    .map(({ status }) => status);

describe('live events', () => {
  it('tell every state of a job, whichever backend a client asks', async () => {
    const streams = await Promise.all([open('/api/media/events'), open('/api/media/events', { replica: 1 })]);
    const id = await reelay.api.submit('validate', { inputPath: sample });
    for (const stream of streams) {
      await eventually('it is told to be completed', () => statuses(stream, id).includes('completed'));
      expect(statuses(stream, id)[0]).toBe('pending');
      stream.close();
    }
  });

  it('begin with the state of the job that was asked for, and keep to that job', async () => {
    const id = await reelay.api.submit('validate', { inputPath: sample });
    await reelay.api.until(id, 'completed');
    const stream = await open(`/api/media/jobs/${id}/events`);
    await eventually('the state', () => stream.events.length === 1);
    expect(stream.events[0]?.data).toMatchObject({ id, status: 'completed', progress: 100 });
    await reelay.api.until(await reelay.api.submit('validate', { inputPath: sample }), 'completed');
    expect(stream.events).toHaveLength(1);
    stream.close();
  });

  it('are filtered by state and type', async () => {
    const stream = await open('/api/media/events?status=completed&type=validate');
    await reelay.api.submit('nobody_serves_this');
    const id = await reelay.api.submit('validate', { inputPath: sample });
    await eventually('it is told', () => stream.events.length > 0);
    expect(statuses(stream, id)).toEqual(['completed']);
    expect(stream.events).toHaveLength(1);
    stream.close();
  });

  it('go on after Last-Event-ID, at another backend too', async () => {
    const first = await open('/api/media/events');
    const before = await reelay.api.submit('validate', { inputPath: sample });
    await eventually('it is told', () => statuses(first, before).includes('completed'));
    first.close();
    const missed = await reelay.api.submit('validate', { inputPath: sample });
    await reelay.api.until(missed, 'completed');

    const second = await open('/api/media/events', { replica: 1, lastEventId: first.events.at(-1)?.id ?? '' });
    await eventually('what was missed is told', () => statuses(second, missed).includes('completed'));
    expect(statuses(second, before)).toEqual([]);
    second.close();
  });

  it('say so when too much was missed', async () => {
    const stream = await open('/api/media/events', { lastEventId: 'long-ago' });
    await eventually('the reset', () => stream.events.some(({ type }) => type === 'reset'));
    stream.close();
  });

  it('need a token, and a job that there is', async () => {
    expect((await fetch(`${reelay.api.url}/api/media/events`)).status).toBe(401);
    const unknown = await reelay.api.problem('GET', '/api/media/jobs/550e8400-e29b-41d4-a716-446655440000/events');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'JOB_NOT_FOUND']);
  });
});

describe('a live log', () => {
  const linesOf = (stream: EventStream) => stream.events.map(({ data }) => (data as { line: string }).line);

  it('has every line once, those that were there and those to come, whichever backend a client asks', async () => {
    const id = await reelay.api.submit('validate', { inputPath: 'inbox/not-there.mp4' });
    const streams = await Promise.all([
      open(`/api/media/jobs/${id}/log/events`),
      open(`/api/media/jobs/${id}/log/events`, { replica: 1 }),
    ]);
    await reelay.api.until(id, 'failed');
    await reelay.api.call('POST', `/api/media/jobs/${id}/retry`);
    await eventually('it failed again', async () => {
      const { status, retryCount } = await reelay.api.job(id);
      return status === 'failed' && retryCount === 1;
    });
    const { body } = await reelay.api.call<LogPage>('GET', `/api/media/jobs/${id}/log`);
    const told = body.data.map(({ line }) => line);
    expect(told.filter((line) => line === '--- ERROR ---')).toHaveLength(2);
    for (const stream of streams) {
      await eventually('every line was told', () => stream.events.length >= told.length);
      expect(linesOf(stream)).toEqual(told);
      stream.close();
    }
    const [second] = streams[0].events.slice(1);
    const continued = await open(`/api/media/jobs/${id}/log/events`, { lastEventId: second?.id ?? '' });
    await eventually('the rest was told', () => continued.events.length >= told.length - 2);
    expect(linesOf(continued)).toEqual(told.slice(2));
    continued.close();
  });

  it('is of a job that exists', async () => {
    const missing = '550e8400-e29b-41d4-a716-446655440000';
    const answer = await reelay.api.problem('GET', `/api/media/jobs/${missing}/log/events`);
    expect([answer.status, answer.body.code]).toEqual([404, 'JOB_NOT_FOUND']);
  });
});
