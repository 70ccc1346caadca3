import type { Problem } from '@reelay/contracts';

/** One fault in a request. */
export type RequestFault = NonNullable<Problem['errors']>[number];

/** An error that the API answers with, as problem details. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly facts: { errors?: readonly RequestFault[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = 'ApiError';
  }
}

/** 400: the request does not have the right form. */
export const malformed = (errors: readonly RequestFault[]): ApiError =>
  new ApiError(400, 'REQUEST_INVALID', describe(errors), { errors });

/** 422: the request has the right form and makes no sense. */
export const unprocessable = (code: string, errors: readonly RequestFault[]): ApiError =>
  new ApiError(422, code, describe(errors), { errors });

const describe = (errors: readonly RequestFault[]): string =>
  errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
