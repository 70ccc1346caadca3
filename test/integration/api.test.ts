import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobPage, Problem } from '@reelay/contracts';
import { Api } from '../support/api.js';
import { startReelay, type Reelay } from '../support/reelay.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay();
});
afterAll(() => reelay.stop());

const JOBS = '/api/media/jobs';
const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

describe('submitting', () => {
  it('answers 201 with the job and where it is', async () => {
    const answer = await reelay.api.call<Record<string, unknown>>('POST', JOBS, {
      type: 'reencode_streaming',
      params: { inputPath: 'inbox/a.mp4', targetBitrate: 2000 },
      priority: 5,
      resourceCategory: 'gpu_encode',
      vramRequired: 4000,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ type: 'reencode_streaming', status: 'pending', progress: 0 });
    expect(Object.keys(answer.body).sort()).toEqual(['createdAt', 'id', 'progress', 'status', 'type']);
    expect(answer.headers.get('location')).toBe(`${JOBS}/${String(answer.body.id)}`);
  });

  it.each([
    ['an unknown field', { type: 'validate', params: {}, colour: 'red' }, 400, 'REQUEST_INVALID', ''],
    ['a type that is no name', { type: 'no.such#type' }, 400, 'REQUEST_INVALID', 'type'],
    ['no type', { params: {} }, 400, 'REQUEST_INVALID', 'type'],
    ['a priority out of range', { type: 'validate', priority: 11 }, 400, 'REQUEST_INVALID', 'priority'],
    ['params that are a list', { type: 'validate', params: [] }, 400, 'REQUEST_INVALID', 'params'],
    [
      'an unknown parameter',
      { type: 'validate', params: { inputPath: 'a', x: 1 } },
      422,
      'INVALID_PARAMETERS',
      'params',
    ],
    [
      'a parameter of the wrong type',
      { type: 'validate', params: { inputPath: 7 } },
      422,
      'INVALID_PARAMETERS',
      'params.inputPath',
    ],
    ['no input', { type: 'validate', params: {} }, 422, 'INVALID_PARAMETERS', 'params.inputPath'],
    [
      'a video that is unknown',
      { type: 'validate', params: { videoId: UNKNOWN_ID } },
      422,
      'VIDEO_NOT_FOUND',
      'params.videoId',
    ],
    [
      'another category than its own',
      { type: 'validate', params: { inputPath: 'a' }, resourceCategory: 'gpu_ai' },
      422,
      'CATEGORY_MISMATCH',
      'resourceCategory',
    ],
    [
      'less VRAM than it needs',
      { type: 'reencode_streaming', params: { inputPath: 'a' }, vramRequired: 1 },
      422,
      'VRAM_TOO_LOW',
      'vramRequired',
    ],
  ])('refuses %s', async (_what, body, status, code, path) => {
    const answer = await reelay.api.problem('POST', JOBS, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      status,
      title: expect.any(String) as string,
      type: expect.stringMatching(/^urn:/) as string,
    });
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.body.errors?.map((fault) => fault.path)).toContain(path);
  });

  it.each([
    ['broken JSON', '{"type":', 400, 'REQUEST_INVALID', 'application/json'],
    ['an empty body', '', 400, 'REQUEST_INVALID', 'application/json'],
    ['a prototype in disguise', '{"type":"validate","__proto__":{"x":1}}', 400, 'REQUEST_INVALID', 'application/json'],
    ['a body that is no JSON', 'type=validate', 415, 'MEDIA_TYPE_UNSUPPORTED', 'application/x-www-form-urlencoded'],
  ])('refuses %s', async (_what, body, status, code, contentType) => {
    const answer = await reelay.api.send<Problem>('POST', JOBS, body, contentType);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.body)).not.toMatch(/\.js:\d+|node_modules/);
  });

  it('refuses a body that is too large before it has come', async () => {
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sending = request(`${reelay.api.url}${JOBS}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${reelay.stack.token}`,
          'content-type': 'application/json',
          'content-length': 5_000_000,
        },
      });
      sending.on('error', reject);
      sending.on('response', (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          sending.destroy();
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
      sending.write('{');
    });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('stored none of what it refused', async () => {
    expect((await reelay.api.jobs()).pagination.total).toBe(1);
  });
});

describe('reading', () => {
  it('answers 404 for an unknown id and an unknown path, 400 for what is no id', async () => {
    expect((await reelay.api.problem('GET', `${JOBS}/${UNKNOWN_ID}`)).body).toMatchObject({
      status: 404,
      code: 'JOB_NOT_FOUND',
    });
    expect((await reelay.api.problem('GET', `${JOBS}/17`)).body).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
    });
    expect((await reelay.api.problem('GET', '/api/media/nothing')).body).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
  });

  it('filters, sorts and pages', async () => {
    for (let priority = 1; priority <= 5; priority++)
      await reelay.api.submit('listed_type', { n: priority }, { priority });
    const page = await reelay.api.jobs('?type=listed_type&sort=-priority&limit=2&page=2');
    expect(page.data.map(({ priority }) => priority)).toEqual([3, 2]);
    expect(page.pagination).toMatchObject({ page: 2, limit: 2, total: 5, totalPages: 3, totalExact: true });
    expect((await reelay.api.jobs('?type=listed_type&status=completed,failed')).data).toEqual([]);
    expect((await reelay.api.jobs('?type=listed_type&type=validate')).pagination.total).toBe(5);
    expect((await reelay.api.jobs('?resourceCategory=gpu_encode')).pagination.total).toBe(1);
  });

  it('pages without end by cursors', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let n = 0; cursor !== null && n < 10; n++) {
      const page: JobPage = await reelay.api.jobs(
        `?type=listed_type&limit=2&sort=priority${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.pagination).toMatchObject({ page: cursor ? null : 1, total: 5, totalExact: true });
      seen.push(...page.data.map(({ priority }) => String(priority)));
      cursor = page.pagination.nextCursor;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
  });

  it('says of a search only how many there are at least', async () => {
    const found = await reelay.api.jobs('?type=listed_type&q=4');
    expect(found.data.map(({ params }) => params)).toEqual([{ n: 4 }]);
    expect(found.pagination).toMatchObject({ total: 1, totalExact: true, nextCursor: null });
    await reelay.api.submit('listed_type', { n: 4 });
    const more = await reelay.api.jobs('?type=listed_type&q=4&limit=1');
    expect(more.pagination).toMatchObject({ total: 2, totalExact: false, totalPages: 2 });
  });

  it.each([
    ['page=3&cursor=abc', 'REQUEST_INVALID'],
    ['cursor=abc', 'CURSOR_INVALID'],
    [`cursor=${Buffer.from('["-createdAt",["now()"],"x"]').toString('base64url')}`, 'CURSOR_INVALID'],
    [
      `sort=priority&cursor=${Buffer.from(`["-createdAt",["2026-01-01 00:00:00+00"],"${UNKNOWN_ID}"]`).toString('base64url')}`,
      'CURSOR_INVALID',
    ],
    ['page=501&limit=20', 'PAGE_TOO_DEEP'],
  ])('refuses to page by %s', async (query, code) => {
    expect((await reelay.api.problem('GET', `${JOBS}?${query}`)).body).toMatchObject({ status: 400, code });
  });

  it.each([
    'limit=0',
    'limit=101',
    'page=-1',
    'page=x',
    'status=nope',
    'sort=id;drop',
    'what=1',
    'resourceCategory=tpu',
  ])('refuses the query %s', async (query) => {
    expect((await reelay.api.problem('GET', `${JOBS}?${query}`)).body).toMatchObject({
      status: 400,
      code: 'REQUEST_INVALID',
    });
  });
});

describe('access', () => {
  it.each([
    ['no token', null],
    ['a wrong token', 'x'.repeat(48)],
  ])('refuses %s', async (_what, token) => {
    const stranger = new Api(reelay.api.url, token);
    for (const [method, path] of [
      ['GET', JOBS],
      ['POST', JOBS],
      ['GET', '/api/media/workers'],
    ] as const) {
      const answer = await stranger.problem(method, path, method === 'POST' ? { type: 'validate' } : undefined);
      expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('needs no token for health and documentation', async () => {
    const stranger = new Api(reelay.api.url, null);
    expect((await stranger.call('GET', '/health/live')).status).toBe(200);
    expect((await stranger.call<{ status: string }>('GET', '/health/ready')).body.status).toBe('ok');
    const document = await stranger.call<{ paths: Record<string, unknown> }>('GET', '/api/openapi.json');
    expect(Object.keys(document.body.paths)).toContain(JOBS);
    expect((await fetch(`${reelay.api.url}/api/docs`)).headers.get('content-type')).toContain('text/html');
  });
});
