import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeliveryPage, DeliveryView, StartedWorkflow, WebhookView, WebhookWithSecret } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';

interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Told {
  readonly id: string;
  readonly workflowId?: string | null;
}

let reelay: Reelay;
let server: Server;
const received: Received[] = [];
/** What the server answers a path with, the n-th time it is asked; left out, 204. */
const answers = new Map<
  string,
  (count: number) => { status: number; headers?: Record<string, string>; body?: string }
>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({
        path,
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString(),
      });
      const { status, headers, body } = answers.get(path)?.(to(path).length) ?? { status: 204 };
      response.writeHead(status, headers).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { WEBHOOK_ALLOW: 'localhost' };
  reelay = await startReelay({ env, replicas: { 'worker-library': 1 }, restart: true });
});
afterAll(async () => {
  await reelay.stop();
  server.close();
  server.closeAllConnections();
});

const WEBHOOKS = '/api/media/webhooks';
const to = (path: string): Received[] => received.filter((each) => each.path === path);
const urlOf = (path: string): string => `http://localhost:${String((server.address() as AddressInfo).port)}${path}`;

const create = async (path: string, settings: object = {}): Promise<WebhookWithSecret> =>
  (await reelay.api.call<WebhookWithSecret>('POST', WEBHOOKS, { url: urlOf(path), ...settings })).body;
const show = async (id: string): Promise<WebhookView> =>
  (await reelay.api.call<WebhookView>('GET', `${WEBHOOKS}/${id}`)).body;
const deliveries = async (id: string, query = ''): Promise<DeliveryPage> =>
  (await reelay.api.call<DeliveryPage>('GET', `${WEBHOOKS}/${id}/deliveries${query}`)).body;
const remove = (id: string): Promise<unknown> => reelay.api.call('DELETE', `${WEBHOOKS}/${id}`);

/** How a message is signed with a secret. Source: Standard Webhooks 1.0. */
const signatureOf = ({ headers, body }: Pick<Received, 'headers' | 'body'>, secret: string): string => {
  const [id = '', time = ''] = [headers['webhook-id'], headers['webhook-timestamp']];
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`;
};

/** A job that fails at once. */
const failingJob = async (): Promise<string> => {
  const id = await reelay.api.submit('probe', { inputPath: 'inbox/none.mp4' });
  await reelay.api.until(id, 'failed');
  return id;
};

/** The delivery of a webhook once it is over, or was tried. */
const tried = (id: string, attempts = 1): Promise<DeliveryView> =>
  eventually('it was tried', async () => {
    const [delivery] = (await deliveries(id)).data;
    return delivery && delivery.attempts >= attempts && delivery.durationMs !== null ? delivery : null;
  });

describe('a webhook', () => {
  it('is told when a job ends, signed with its secret, and nothing else by default', async () => {
    const { id, secret } = await create('/ends');
    const job = await failingJob();
    await eventually('it was told', () => to('/ends').length > 0);
    const [{ headers, body } = { headers: {} as Record<string, string>, body: '' }] = to('/ends');
    expect(JSON.parse(body)).toMatchObject({
      type: 'job.failed',
      data: { id: job, type: 'probe', status: 'failed', error: { code: 'INPUT_NOT_FOUND', retryable: false } },
    });
    const [messageId = '', time = ''] = [headers['webhook-id'], headers['webhook-timestamp']];
    expect(headers['webhook-signature']).toBe(signatureOf({ headers, body }, secret));
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
    const delivery = await tried(id);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, responseStatus: 204, error: null, messageId });
    expect(to('/ends')).toHaveLength(1);
    expect(await show(id)).toMatchObject({ failingSince: null, waiting: 0 });
    expect((await show(id)).lastDeliveredAt).not.toBeNull();
    await remove(id);
  });

  it('shows its secret only when it is made, or gets a new one, and signs with the old one too then', async () => {
    const { id, secret } = await create('/secret');
    expect(JSON.stringify(await show(id))).not.toContain('whsec_');
    const renewed = (await reelay.api.call<WebhookWithSecret>('POST', `${WEBHOOKS}/${id}/secret`)).body.secret;
    expect(renewed).toMatch(/^whsec_/);
    expect(renewed).not.toBe(secret);
    await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    await eventually('it was told', () => to('/secret').length > 0);
    const message = to('/secret')[0]!;
    const signatures = [renewed, secret].map((each) => signatureOf(message, each));
    expect(message.headers['webhook-signature']).toBe(signatures.join(' '));
    await remove(id);
  });

  it('can ask for every state, and for some job types only', async () => {
    const all = await create('/all', { events: ['job.*'], jobTypes: ['probe'] });
    const others = await create('/others', { events: ['*'], jobTypes: ['scan'] });
    await failingJob();
    await eventually('it was told of the end', () => to('/all').some(({ body }) => body.includes('job.failed')));
    const events = to('/all').map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(events).toEqual(expect.arrayContaining(['job.pending', 'job.failed']));
    expect(to('/others')).toEqual([]);
    await remove(all.id);
    await remove(others.id);
  });

  it('that is disabled, or deleted, is told nothing', async () => {
    const one = await create('/disabled', { enabled: false });
    const other = await create('/deleted');
    await remove(other.id);
    const third = await create('/third');
    await failingJob();
    await eventually('the third was told', () => to('/third').length > 0);
    expect([...to('/disabled'), ...to('/deleted')]).toEqual([]);
    const { status, body } = await reelay.api.problem('POST', `${WEBHOOKS}/${one.id}/test`);
    expect([status, body.code]).toEqual([409, 'WEBHOOK_DISABLED']);
    for (const { id } of [one, third]) await remove(id);
  });

  it('can be tried, and changed', async () => {
    const { id } = await create('/old');
    const changed = { url: urlOf('/new'), description: 'ours', events: ['job.completed'], jobTypes: ['scan'] };
    expect((await reelay.api.call('PATCH', `${WEBHOOKS}/${id}`, changed)).body).toMatchObject(changed);
    await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    expect((await tried(id)).payload).toMatchObject({ type: 'webhook.test', data: { webhookId: id } });
    expect([to('/old').length, to('/new').length]).toEqual([0, 1]);
    await remove(id);
  });
});

describe('a workflow', () => {
  it('tells its own webhooks of itself alone, from its beginning on, and they go with it', async () => {
    const store = await openStore(reelay.databaseUrl);
    const [video] = await store.query<{ id: string }[]>(
      "INSERT INTO videos (path) VALUES ('inbox/of-a-workflow.mp4') RETURNING id",
    );
    await store.destroy();
    const all = await create('/all-workflows', { events: ['workflow.*'] });
    const { body: started } = await reelay.api.call<StartedWorkflow>('POST', '/api/media/workflows', {
      ...{ template: 'ingest', input: { videoId: video?.id } },
      webhooks: [{ url: urlOf('/one-workflow'), events: ['*'] }],
    });
    expect(started.webhooks).toMatchObject([{ url: urlOf('/one-workflow') }]);
    await failingJob();
    const kinds = (path: string): string[] => to(path).map(({ body }) => (JSON.parse(body) as { type: string }).type);
    await eventually('it was told of the end', () => kinds('/one-workflow').includes('workflow.failed'));
    await eventually('so were those of all', () => kinds('/all-workflows').includes('workflow.failed'));
    expect(kinds('/one-workflow')).toEqual(expect.arrayContaining(['workflow.running', 'job.pending', 'job.failed']));
    const told = to('/one-workflow').map(({ body }) => JSON.parse(body) as { type: string; data: Told });
    expect(told.every(({ data }) => (data.workflowId ?? data.id) === started.id)).toBe(true);
    const end = told.find(({ type }) => type === 'workflow.failed');
    expect(end?.data).toMatchObject({ template: 'ingest@1', error: { step: 'validate', code: 'INPUT_NOT_FOUND' } });
    expect(new Set(kinds('/all-workflows'))).toEqual(new Set(['workflow.running', 'workflow.failed']));

    const own = `${WEBHOOKS}?workflowId=${started.id}`;
    const listed = (await reelay.api.call<{ data: WebhookView[] }>('GET', own)).body.data;
    expect(listed.map(({ id, workflowId }) => [id, workflowId])).toEqual([[started.webhooks[0]?.id, started.id]]);
    const plain = (await reelay.api.call<{ data: WebhookView[] }>('GET', WEBHOOKS)).body.data;
    expect(plain.map(({ id }) => id)).toEqual([all.id]);
    await reelay.api.call('DELETE', `/api/media/workflows/${started.id}`);
    expect((await reelay.api.call<{ data: WebhookView[] }>('GET', own)).body.data).toEqual([]);
    await remove(all.id);
  });
});

describe('a delivery that does not go well', () => {
  it('is tried again, with the same id and a new time, until it does', async () => {
    answers.set('/flaky', (count) => (count < 2 ? { status: 503, body: 'come back\u0007 later' } : { status: 200 }));
    const { id } = await create('/flaky');
    await failingJob();
    const first = await tried(id);
    expect(first).toMatchObject({
      ...{ status: 'pending', responseStatus: 503, responseBody: 'come back  later', error: 'it answered 503' },
    });
    expect(first.nextAttemptAt).not.toBeNull();
    expect((await show(id)).failingSince).not.toBeNull();
    const second = await tried(id, 2);
    expect(second).toMatchObject({ id: first.id, status: 'delivered', attempts: 2, nextAttemptAt: null });
    expect(new Set(to('/flaky').map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await show(id)).failingSince).toBeNull();
    await remove(id);
  });

  it('is not sent anywhere else: a redirect is a fault', async () => {
    answers.set('/moved', () => ({ status: 302, headers: { location: urlOf('/elsewhere') } }));
    const { id } = await create('/moved');
    await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    expect(await tried(id)).toMatchObject({ status: 'pending', error: 'it answered 302: redirects are not followed' });
    expect(to('/elsewhere')).toEqual([]);
    await remove(id);
  });

  it('ends with a receiver that is gone for good, which is told nothing more', async () => {
    answers.set('/gone', () => ({ status: 410 }));
    const { id } = await create('/gone');
    await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    expect(await tried(id)).toMatchObject({ status: 'failed', nextAttemptAt: null });
    expect((await show(id)).enabled).toBe(false);
    await remove(id);
  });

  it('can be sent again by hand, and says of what it is a replay', async () => {
    answers.set('/replayed', (count) => ({ status: count === 1 ? 410 : 200 }));
    const { id } = await create('/replayed');
    await failingJob();
    const failed = await tried(id);
    const refused = await reelay.api.problem('POST', `/api/media/deliveries/${failed.id}/replay`);
    expect([refused.status, refused.body.code]).toEqual([409, 'WEBHOOK_DISABLED']);
    await reelay.api.call('PATCH', `${WEBHOOKS}/${id}`, { enabled: true });
    const { body } = await reelay.api.call<DeliveryView>('POST', `/api/media/deliveries/${failed.id}/replay`);
    expect(body).toMatchObject({ replayOf: failed.id, messageId: failed.messageId, payload: failed.payload });
    await eventually('it was taken', async () => {
      const again = await reelay.api.call<DeliveryView>('GET', `/api/media/deliveries/${body.id}`);
      return again.body.status === 'delivered';
    });
    await remove(id);
  });

  it.each([
    ['http://127.0.0.1:1/', '127.0.0.1'],
    ['http://[::ffff:7f00:1]:1/', '::ffff:7f00:1'],
    ['http://0x7f.1:1/', '127.0.0.1'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://10.0.0.1/', '10.0.0.1'],
  ])('goes to no address that is not public: %s', async (url, host) => {
    const { id } = await create('/x', { url });
    await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    const { error } = await tried(id);
    expect(error).toBe(`${host} is, or leads to, an address that is not public: connections to it are refused`);
    await remove(id);
  });
});

describe('deliveries', () => {
  it('are listed newest first, by pages and by state', async () => {
    const { id } = await create('/listed');
    for (let count = 0; count < 5; count++) await reelay.api.call('POST', `${WEBHOOKS}/${id}/test`);
    await eventually('all are delivered', async () => (await show(id)).waiting === 0);
    const seen: DeliveryView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: DeliveryPage = await deliveries(id, `?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      seen.push(...page.data);
      cursor = page.pagination.nextCursor;
    }
    expect(new Set(seen.map((each) => each.id)).size).toBe(5);
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(
      seen
        .map(({ createdAt }) => createdAt)
        .sort()
        .reverse(),
    );
    expect((await deliveries(id, '?status=failed,pending')).data).toEqual([]);
    await remove(id);
  });

  it('survive a backend that dies before it has sent them', async () => {
    const { id } = await create('/survives');
    const job = await reelay.api.submit('probe', { inputPath: 'inbox/none.mp4' });
    await reelay.stack.kill('backend-1');
    await reelay.api.until(job, 'failed', 90_000);
    await eventually('it was told', () => to('/survives').length > 0, 90_000);
    await remove(id);
  });
});

describe('bad input', () => {
  it.each([
    [{}, 'url'],
    [{ url: 'ftp://example.org/' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
    [{ url: 'https://me:secret@example.org/' }, 'url'],
    [{ url: `https://example.org/${'a'.repeat(2_000)}` }, 'url'],
    [{ url: 'https://example.org/', events: [] }, 'events'],
    [{ url: 'https://example.org/', events: ['job.exploded'] }, 'events.0'],
    [{ url: 'https://example.org/', jobTypes: ['No'] }, 'jobTypes.0'],
    [{ url: 'https://example.org/', secret: 'mine' }, ''],
  ])('%j is refused', async (body, path) => {
    const answer = await reelay.api.problem('POST', WEBHOOKS, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors?.map((fault) => fault.path)).toContain(path);
  });

  it.each([
    ['GET', `${WEBHOOKS}/770e8400-e29b-41d4-a716-446655440002`, 404, 'WEBHOOK_NOT_FOUND'],
    ['PATCH', `${WEBHOOKS}/770e8400-e29b-41d4-a716-446655440002`, 404, 'WEBHOOK_NOT_FOUND'],
    ['DELETE', `${WEBHOOKS}/770e8400-e29b-41d4-a716-446655440002`, 404, 'WEBHOOK_NOT_FOUND'],
    ['POST', `${WEBHOOKS}/770e8400-e29b-41d4-a716-446655440002/secret`, 404, 'WEBHOOK_NOT_FOUND'],
    ['GET', `${WEBHOOKS}/770e8400-e29b-41d4-a716-446655440002/deliveries`, 404, 'WEBHOOK_NOT_FOUND'],
    ['POST', '/api/media/deliveries/770e8400-e29b-41d4-a716-446655440002/replay', 404, 'DELIVERY_NOT_FOUND'],
    ['GET', `${WEBHOOKS}/x`, 400, 'REQUEST_INVALID'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await reelay.api.problem(method, path, method === 'PATCH' ? {} : undefined);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
