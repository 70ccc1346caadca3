import { z } from 'zod';
import { RESOURCE_CATEGORIES } from '../job-types/define-job-type.js';
import { JOB_STATUSES } from '../messages/job-event.js';
import { jobFilter, jobSummary, priority } from './jobs.js';

/** What can be done to a job by name. */
export const JOB_ACTIONS = ['retry', 'cancel', 'pause', 'resume', 'delete'] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

/** Most jobs of one bulk submit. */
export const BULK_MAX = 1_000;

/** Body of `POST /api/media/jobs/bulk`. */
export const bulkCreateBody = z.strictObject({
  jobs: z.array(z.unknown()).min(1).max(BULK_MAX).describe('Each as for a single submit'),
  atomic: z.boolean().default(true).describe('All or none; else each job has its own outcome'),
});
export type BulkCreateBody = z.infer<typeof bulkCreateBody>;

/** What is answered to a new job. */
export const createdJob = jobSummary.pick({ id: true, type: true, status: true, progress: true, createdAt: true });
export type CreatedJob = z.infer<typeof createdJob>;

/** One outcome of a bulk submit, in the order of the jobs. */
export const bulkCreateAnswer = z.object({
  data: z.array(
    z.union([
      createdJob,
      z.object({
        error: z.object({
          code: z.string(),
          detail: z.string(),
          errors: z.array(z.object({ path: z.string(), message: z.string(), code: z.string() })).optional(),
        }),
      }),
    ]),
  ),
});
export type BulkCreateAnswer = z.infer<typeof bulkCreateAnswer>;

/** Body of `POST /api/media/jobs/actions`. */
export const bulkActionBody = z.strictObject({
  action: z.enum(JOB_ACTIONS),
  filter: z
    .strictObject(jobFilter)
    .refine((filter) => Object.values(filter as object).some((value) => value !== undefined), {
      message: 'name at least one field: an action on every job is not meant',
    }),
});
export type BulkActionBody = z.infer<typeof bulkActionBody>;

/** How many jobs a filter matched, and how many of them the action changed. */
export const bulkActionAnswer = z.object({ matched: z.int(), changed: z.int() });
export type BulkActionAnswer = z.infer<typeof bulkActionAnswer>;

/** Query of `GET /api/media/events`. */
export const eventsQuery = z.strictObject({ status: jobFilter.status, type: jobFilter.type });
export type EventsQuery = z.infer<typeof eventsQuery>;

/** Body of `PATCH /api/media/jobs/:id`. */
export const patchJobBody = z.strictObject({ priority });
export type PatchJobBody = z.infer<typeof patchJobBody>;

const count = z.int().nonnegative();

/** Answer of `GET /api/media/jobs/stats`. */
export const jobStats = z.object({
  ...(Object.fromEntries(JOB_STATUSES.map((status) => [status, count])) as Record<
    (typeof JOB_STATUSES)[number],
    typeof count
  >),
  totalVramUsed: count.describe('MB'),
  totalVramAvailable: count.describe('MB, of all live workers'),
  averageProcessingTime: z.number().nonnegative().describe('Seconds, over the jobs completed last'),
  jobsByType: z.record(z.string(), count),
  categories: z.record(z.enum(RESOURCE_CATEGORIES), z.object({ inUse: count, limit: count })),
  devices: z
    .array(z.object({ host: z.string(), device: z.string(), vramMb: count, usedMb: count }))
    .describe('GPUs of the hosts with a live worker'),
});
export type JobStats = z.infer<typeof jobStats>;

const timestamp = z.iso.datetime();

/** One try at a job, as the API shows it. */
export const attemptView = z.object({
  id: z.int(),
  number: z.int().describe('1 for the first try'),
  status: z.string(),
  worker: z.string().nullable(),
  createdAt: timestamp,
  publishedAt: timestamp.nullable(),
  claimedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  executionSeconds: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type AttemptView = z.infer<typeof attemptView>;
export const attemptList = z.object({ data: z.array(attemptView) });

/** Query of `GET /api/media/jobs/:id/log`. */
export const logQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('The `seq` of the last line that is known'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
export type LogQuery = z.infer<typeof logQuery>;

/** Query of `GET /api/media/jobs/:id/log/events`. */
export const logEventsQuery = logQuery.pick({ after: true });
export type LogEventsQuery = z.infer<typeof logEventsQuery>;

/** Lines of a job's log. */
export const logPage = z.object({
  data: z.array(z.object({ seq: z.int(), at: timestamp, line: z.string() })),
  next: z.int().describe('Pass it as `after` to get what follows'),
});
export type LogPage = z.infer<typeof logPage>;
