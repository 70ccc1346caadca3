import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { PROBLEM_MEDIA_TYPE, type Problem } from '@reelay/contracts';
import { BrokerUnavailableError, NotConfirmedError } from '@reelay/messaging';
import { isTransientStoreError } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.js';

/** When a client may try again while the database or the broker is away, in seconds. */
const RETRY_AFTER_SECONDS = '5';

/** Codes for what the HTTP layer itself refuses. */
const HTTP_CODES: Readonly<Record<number, string>> = {
  400: 'REQUEST_INVALID',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  429: 'TOO_MANY_REQUESTS',
};

/** Turns every error of a request into RFC 9457 problem details. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // Errors of message handlers belong to their own transport.
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const answer = toApiError(error);
    // What was answered on purpose is no surprise.
    if (answer.status >= 500 && answer !== error)
      this.logger.error({ err: error, requestId: request.id }, 'request failed');
    const { errors, headers } = answer.facts;
    const body: Problem = {
      type: `urn:reelay:problem:${answer.code.toLowerCase().replaceAll('_', '-')}`,
      title: STATUS_CODES[answer.status] ?? 'Error',
      status: answer.status,
      detail: answer.message,
      code: answer.code,
      requestId: request.id,
      ...(errors ? { errors: [...errors] } : {}),
    };
    if (headers) void reply.headers(headers);
    void reply.status(answer.status).header('content-type', PROBLEM_MEDIA_TYPE).send(JSON.stringify(body));
  }
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isTransientStoreError(error)) {
    return new ApiError(503, 'STORE_UNAVAILABLE', 'The database is not available; try again later', {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    });
  }
  if (error instanceof BrokerUnavailableError || error instanceof NotConfirmedError) {
    return new ApiError(503, 'BROKER_UNAVAILABLE', 'The broker is not available; try again later', {
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    });
  }
  const status = statusOf(error);
  if (status !== null && status < 500) {
    const detail = error instanceof Error ? error.message : 'The request was refused';
    return new ApiError(status, HTTP_CODES[status] ?? 'REQUEST_REFUSED', detail);
  }
  // Nothing of an unexpected error goes to the client: the log has it, under the request's id.
  return new ApiError(500, 'INTERNAL_ERROR', 'Something went wrong here; the request id finds it in the log');
}

/** The status that Nest or Fastify gave an error. */
function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : null;
}
