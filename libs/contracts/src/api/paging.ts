import { z } from 'zod';

export const DEFAULT_PAGE_LIMIT = 20;
export const MAX_PAGE_LIMIT = 100;
/** Rows that may be skipped by page numbers; what lies deeper is reached by cursors. */
export const MAX_PAGE_DEPTH = 10_000;
/** A cursor holds what the list is sorted by: a path takes the most. */
const MOST_CURSOR_CHARACTERS = 2_000;

/** How many rows a list gives at once. */
export const limitQuery = { limit: z.coerce.number().int().min(1).max(MAX_PAGE_LIMIT).default(DEFAULT_PAGE_LIMIT) };

/** What a list takes that is read from its beginning to its end. */
export const cursorQuery = {
  ...limitQuery,
  cursor: z
    .string()
    .min(1)
    .max(MOST_CURSOR_CHARACTERS)
    .optional()
    .describe('`nextCursor` of the page before, with the same sort'),
};

/** What a list takes that can be opened at any page. */
export const pageQuery = {
  page: z.coerce.number().int().min(1).optional().describe('From 1; without it and a cursor, the first'),
  ...cursorQuery,
};

/** Where a list goes on that has cursors only. */
export const cursorPagination = z.object({
  limit: z.int(),
  nextCursor: z.string().nullable().describe('Null on the last page'),
});

/** Where a page lies in a list that can be opened at any page. */
export const pagePagination = z.object({
  page: z.int().nullable().describe('Null when the page was asked for by a cursor'),
  limit: z.int(),
  total: z.int(),
  totalPages: z.int(),
  totalExact: z.boolean().describe('False: there are at least `total`'),
  nextCursor: z.string().nullable().describe('Gets the page that follows, however deep; null at the end'),
});
export type PagePagination = z.infer<typeof pagePagination>;

/** A query parameter that may be repeated or hold a comma-separated list. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) =>
      value === undefined
        ? undefined
        : [value].flat().flatMap((part: unknown) => (typeof part === 'string' ? part.split(',') : [part])),
    z.array(item).min(1).max(50).optional(),
  );

/** A moment in a query. */
const moment = z.iso.datetime({ offset: true }).optional();

/** When what is listed was made. */
export const createdBetween = { createdAfter: moment, createdBefore: moment };

/** When what is listed ended. */
export const completedBetween = { completedAfter: moment, completedBefore: moment };
