import { MAX_PAGE_DEPTH, type PagePagination } from '@reelay/contracts';
import { ApiError } from './api-error.js';
import { cursorOf, type ListPlace } from './cursor.js';

/** How a page is asked for: by its number, or by the cursor of the page before. */
interface PageQuery {
  readonly page?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/**
 * The rows before a page that is asked for by its number.
 * @param listed what the list is of, for the answer that refuses
 * @throws {ApiError} 400 when it is asked for by a cursor too, and when it lies too deep
 */
export function offsetOf({ page, cursor, limit }: PageQuery, listed: string): number {
  if (page !== undefined && cursor !== undefined) {
    throw new ApiError(400, 'REQUEST_INVALID', 'page and cursor exclude each other: name one of them');
  }
  const offset = ((page ?? 1) - 1) * limit;
  if (offset + limit <= MAX_PAGE_DEPTH) return offset;
  const detail = `page: the first ${String(MAX_PAGE_DEPTH)} ${listed} can be reached by pages; follow nextCursor from there, or narrow the filter`;
  throw new ApiError(400, 'PAGE_TOO_DEEP', detail);
}

/**
 * What is shown of rows that were read, one more than the page takes: that one tells whether anything follows.
 * @param order the list's, which the cursor belongs to
 */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  order: string,
  placeOf: (row: Row) => ListPlace,
): { readonly shown: Row[]; readonly nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { shown, nextCursor: last === undefined ? null : cursorOf(order, placeOf(last)) };
}

/** Where a page lies in its list. */
export const paginationOf = (
  { page, cursor, limit }: PageQuery,
  { total, exact }: { readonly total: number; readonly exact: boolean },
  nextCursor: string | null,
): PagePagination => ({
  page: cursor === undefined ? (page ?? 1) : null,
  ...{ limit, total, totalPages: Math.ceil(total / limit), totalExact: exact, nextCursor },
});
