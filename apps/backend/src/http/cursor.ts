import { z } from 'zod';
import { ApiError } from './api-error.js';

/** A place in a list: the values that it is sorted by, as PostgreSQL prints them, and the id that breaks ties. */
export interface ListPlace {
  readonly keys: readonly string[];
  readonly id: string;
}

const content = z.tuple([z.string(), z.array(z.string().max(1_024)), z.uuid()]);

/** How PostgreSQL prints numbers and times. */
const NUMBER_OR_TIME = /^(-?infinity|-?[0-9][0-9 :.e+-]*)$/;

/** A place as clients get it: opaque to them. @param order the list's order, which the cursor belongs to */
export const cursorOf = (order: string, { keys, id }: ListPlace): string =>
  Buffer.from(JSON.stringify([order, keys, id])).toString('base64url');

/**
 * @param keyPattern what each key must look like
 * @throws {ApiError} 400 for a cursor that is not ours, or of another order
 */
export function placeOf(cursor: string, order: string, keyCount: number, keyPattern = NUMBER_OR_TIME): ListPlace {
  const read = content.safeParse(parseOrNull(Buffer.from(cursor, 'base64url').toString()));
  const keysFit = read.success && read.data[1].length === keyCount && read.data[1].every((key) => keyPattern.test(key));
  if (!keysFit) {
    throw new ApiError(
      400,
      'CURSOR_INVALID',
      'cursor: pass the nextCursor of the page before as it is, with the same sort',
    );
  }
  const [sortedBy, keys, id] = read.data;
  if (sortedBy !== order) {
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
