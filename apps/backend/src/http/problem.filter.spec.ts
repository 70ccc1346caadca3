import { HttpException, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { problem, type Problem } from '@reelay/contracts';
import { createLogger } from '@reelay/platform';
import { describe, expect, it } from 'vitest';
import { ApiError, malformed } from './api-error.js';
import { ProblemFilter } from './problem.filter.js';

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Problem;
}

/** What a client gets for an error. */
function answerTo(error: unknown): Answer {
  const headers: Record<string, string> = {};
  let status = 0;
  let body = '';
  const reply = {
    status: (code: number) => {
      status = code;
      return reply;
    },
    header: (name: string, value: string) => {
      headers[name] = value;
      return reply;
    },
    headers: (given: Record<string, string>) => {
      Object.assign(headers, given);
      return reply;
    },
    send: (text: string) => {
      body = text;
      return reply;
    },
  };
  const host = {
    getType: () => 'http',
    switchToHttp: () => ({ getRequest: () => ({ id: 'request-1' }), getResponse: () => reply }),
  } as unknown as ArgumentsHost;
  new ProblemFilter(createLogger({ name: 'spec', level: 'silent' })).catch(error, host);
  return { status, headers, body: problem.parse(JSON.parse(body)) };
}

describe('ProblemFilter', () => {
  it('answers with problem details that name the request', () => {
    expect(answerTo(new ApiError(404, 'JOB_NOT_FOUND', 'There is no job 7'))).toEqual({
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        type: 'urn:reelay:problem:job-not-found',
        title: 'Not Found',
        status: 404,
        detail: 'There is no job 7',
        code: 'JOB_NOT_FOUND',
        requestId: 'request-1',
      },
    });
  });

  it('lists each fault of a request', () => {
    const errors = [{ path: 'priority', message: 'too large', code: 'too_big' }];
    expect(answerTo(malformed(errors)).body).toMatchObject({ status: 400, code: 'REQUEST_INVALID', errors });
  });

  it('passes headers of an error on', () => {
    const error = new ApiError(401, 'UNAUTHENTICATED', 'no token', { headers: { 'www-authenticate': 'Bearer' } });
    expect(answerTo(error).headers).toMatchObject({ 'www-authenticate': 'Bearer' });
  });

  it('says when to come back while the database is away', () => {
    const { status, headers, body } = answerTo(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    expect([status, headers['retry-after'], body.code]).toEqual([503, '5', 'STORE_UNAVAILABLE']);
  });

  it.each([
    [new NotFoundException('Cannot GET /x'), 404, 'NOT_FOUND'],
    [new HttpException('I am a teapot', 418), 418, 'REQUEST_REFUSED'],
    [Object.assign(new Error('Request body is too large'), { statusCode: 413 }), 413, 'BODY_TOO_LARGE'],
    [Object.assign(new Error('Unsupported Media Type'), { statusCode: 415 }), 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('gives a code to what the HTTP layer refuses: %s', (error, status, code) => {
    expect(answerTo(error).body).toMatchObject({ status, code, detail: error.message });
  });

  it.each([
    new Error('duplicate key value violates "secret_table"'),
    new HttpException('secret', 500),
    Object.assign(new Error('secret'), { statusCode: 502 }),
    'secret',
    null,
  ])('keeps what went wrong here to itself: %s', (error) => {
    const { status, body } = answerTo(error);
    expect([status, body.code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('leaves the errors of message handlers to their transport', () => {
    const filter = new ProblemFilter(createLogger({ name: 'spec', level: 'silent' }));
    const error = new Error('of a message');
    expect(() => {
      filter.catch(error, { getType: () => 'rpc' } as ArgumentsHost);
    }).toThrow(error);
  });
});
