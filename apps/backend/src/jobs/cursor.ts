import { JOB_SORTS, type JobSort } from '@reelay/contracts';
import { keyCount, type JobPlace } from '@reelay/persistence';
import { z } from 'zod';
import { ApiError } from '../http/api-error.js';

/** A place in an order: numbers and times as PostgreSQL prints them. */
const content = z.tuple([z.enum(JOB_SORTS), z.array(z.string().regex(/^(-?infinity|[0-9][0-9 :.+-]*)$/)), z.uuid()]);

/** The place after which the next page begins, as clients get it: opaque to them. */
export const toCursor = (sort: JobSort, { keys, id }: JobPlace): string =>
  Buffer.from(JSON.stringify([sort, keys, id])).toString('base64url');

/** @throws {ApiError} 400 for one that is not ours, or of another order */
export function fromCursor(cursor: string, sort: JobSort): JobPlace {
  const read = content.safeParse(parseOrNull(Buffer.from(cursor, 'base64url').toString()));
  if (!read.success)
    throw new ApiError(400, 'CURSOR_INVALID', 'cursor: pass the nextCursor of an earlier page as it is');
  const [sortedBy, keys, id] = read.data;
  if (sortedBy !== sort || keys.length !== keyCount(sort)) {
    throw new ApiError(
      400,
      'CURSOR_INVALID',
      `cursor: it is of a list that is sorted by ${sortedBy}; ask for that order`,
    );
  }
  return { keys, id };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
