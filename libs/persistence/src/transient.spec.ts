import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { isTransientStoreError } from './transient.js';

const withCode = (code: string): Error => Object.assign(new Error('refused'), { code });

describe('an error of the store is worth another try', () => {
  it.each<[string, Error]>([
    ['the server is starting', withCode('57P03')],
    ['there is no free connection', withCode('53300')],
    ['a transaction idled too long', withCode('25P03')],
    ['nobody listens', withCode('ECONNREFUSED')],
    ['no answer came in time', new QueryFailedError('SELECT 1', [], new Error('Query read timeout'))],
    ['the connection broke in a statement', new Error('Connection terminated unexpectedly')],
    ['the connection broke between two statements', new QueryRunnerAlreadyReleasedError()],
    ['the connection broke before the next repository', new QueryRunnerProviderAlreadyReleasedError()],
  ])('when %s', (_what, error) => {
    expect(isTransientStoreError(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['the statement is wrong', withCode('42601')],
    ['a value is not taken', new QueryFailedError('INSERT', [], withCode('22P02'))],
    ['it is no error of the store', new TypeError('x is not a function')],
    ['it is no error at all', 'Query read timeout'],
  ])('but not when %s', (_what, error) => {
    expect(isTransientStoreError(error)).toBe(false);
  });
});
