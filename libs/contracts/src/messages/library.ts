import { z } from 'zod';
import { videoChange } from '../media-info.js';
import { attemptId } from './order.js';

/** Most files in one answer, and most changes in one request: a message stays well below a megabyte. */
export const LIBRARY_PAGE = 1_000;

const path = z.string().min(1);

/** What is on record of a file of the library. */
export const knownFile = z.object({
  path,
  size_bytes: z.number().nonnegative().nullable(),
  modified_at: z.iso.datetime().nullable().describe('Null when no scan has seen it yet'),
  fingerprint: z.string().nullable(),
  missing: z.boolean().describe('Whether it was gone at the last scan'),
  inspected: z.boolean().describe('Whether it was probed, or is known to be no readable video'),
});
export type KnownFile = z.infer<typeof knownFile>;

/**
 * Worker to backend, Reelay's own: a question about the library's records, or changes to them before the job ends. It is
 * answered by the direct message `library_answer`. A worker that hears nothing asks again: both are idempotent.
 */
export const libraryRequest = z.object({
  job_id: attemptId.describe('The attempt that asks; its worker must hold it'),
  instance_id: z.string().min(1).describe('Who gets the answer'),
  request_id: z.string().min(1).max(100),
  request: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('files'),
      folder: path.describe('Files below this folder, in the order of the bytes of their paths'),
      after: z.string().describe('Only paths that come after this one; empty for the first page'),
    }),
    z.object({ kind: z.literal('twins'), fingerprints: z.array(z.string().min(1)).min(1).max(LIBRARY_PAGE) }),
    z.object({ kind: z.literal('record'), changes: z.array(videoChange).min(1).max(LIBRARY_PAGE) }),
  ]),
});
export type LibraryRequest = z.infer<typeof libraryRequest>;

/** What a worker may ask. */
export type LibraryQuestion = LibraryRequest['request'];
