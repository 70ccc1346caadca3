import { createHash } from 'node:crypto';
import { claimKey, keepAnswer } from '@reelay/persistence';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { ApiError } from '../http/api-error.js';
import { ZodPipe } from '../http/zod.pipe.js';

/** The header by which a client marks a write that it may send again. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';

/** Printable, so that it can be logged. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters without spaces')
  .optional();

/** How the API's document describes the header. */
export const theKey = {
  name: 'Idempotency-Key',
  required: false,
  description: 'The same key with the same body gets the same answer, and nothing is done twice',
};

const keyPipe = new ZodPipe(idempotencyKey);

/** @throws {ApiError} 400 for a key that cannot be one */
export const checkKey = (key: string | undefined): string | undefined => keyPipe.transform(key);

/** What a write did: what is answered, and what is to be done once it is committed. */
export interface Written<T> {
  readonly answer: T;
  readonly afterCommit: () => void;
}

/**
 * Runs a write. With a key, the same request gets the answer of the first one.
 * @param write one statement, on the manager that it is given: that is atomic without a transaction
 * @throws {ApiError} 422 when the key was used for another body
 */
export async function writeOnce<T>(
  dataSource: DataSource,
  request: { route: string; key: string | undefined; body: unknown },
  write: (manager: EntityManager) => Promise<Written<T>>,
): Promise<T> {
  const { route, key, body } = request;
  if (key === undefined) {
    const written = await write(dataSource.manager);
    written.afterCommit();
    return written.answer;
  }
  const scoped = `${route} ${key}`;
  const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const outcome = await dataSource.transaction(async (manager) => {
    const claim = await claimKey<T>(manager, scoped, bodyHash);
    if (claim.kind !== 'new') return claim;
    const written = await write(manager);
    await keepAnswer(manager, scoped, written.answer);
    return { ...claim, written };
  });
  switch (outcome.kind) {
    case 'answered':
      return outcome.answer;
    case 'other_body':
      throw new ApiError(422, 'IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was sent with another body');
    case 'new':
      outcome.written.afterCommit();
      return outcome.written.answer;
  }
}
