import { z } from 'zod';
import { JOB_TYPE_PATTERN } from '../topology.js';
import { attemptView } from './job-actions.js';
import { jobDetail } from './jobs.js';
import { completedBetween, cursorPagination, cursorQuery, listOf } from './paging.js';

/** States in which a job can be archived. */
const archivedStatus = z.enum(['completed', 'failed', 'cancelled']);

/** Query of `GET /api/media/archive`. */
export const archiveQuery = z.strictObject({
  type: listOf(z.string().regex(JOB_TYPE_PATTERN)).describe('One or several job types'),
  status: listOf(archivedStatus).describe('One or several states'),
  ...completedBetween,
  ...cursorQuery,
});
export type ArchiveQuery = z.infer<typeof archiveQuery>;

const timestamp = z.iso.datetime();

/** A job of the archive as its list shows it. */
export const archivedJobSummary = z.object({
  id: z.uuid(),
  type: z.string(),
  status: archivedStatus,
  createdAt: timestamp,
  completedAt: timestamp,
  archivedAt: timestamp,
});
export type ArchivedJobSummary = z.infer<typeof archivedJobSummary>;

/** A page of the archive, what ended last first. */
export const archivePage = z.object({
  data: z.array(archivedJobSummary),
  pagination: cursorPagination,
});
export type ArchivePage = z.infer<typeof archivePage>;

/** A job of the archive with all that was known of it when it was archived. */
export const archivedJob = z.object({ archivedAt: timestamp, job: jobDetail, attempts: z.array(attemptView) });
export type ArchivedJob = z.infer<typeof archivedJob>;
