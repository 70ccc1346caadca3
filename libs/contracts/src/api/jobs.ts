import { z } from 'zod';
import { RESOURCE_CATEGORIES } from '../job-types/define-job-type.js';
import { JOB_STATUSES } from '../messages/job-event.js';
import { JOB_TYPE_PATTERN } from '../topology.js';
import { createdBetween, listOf, pagePagination, pageQuery } from './paging.js';

/** 1 is the highest and 10 the lowest priority (AMQP counts the other way round). */
export const priority = z.int().min(1).max(10).describe('1 (highest) to 10 (lowest)');

export const DEFAULT_PRIORITY = 5;
export const DEFAULT_MAX_RETRIES = 3;

/** Body of `POST /api/media/jobs`. */
export const createJobBody = z.strictObject({
  type: z.string().regex(JOB_TYPE_PATTERN).describe('The job type'),
  params: z.record(z.string(), z.unknown()).default({}).describe("The job type's parameters"),
  priority: priority.default(DEFAULT_PRIORITY),
  resourceCategory: z
    .enum(RESOURCE_CATEGORIES)
    .optional()
    .describe("Only for job types that Reelay does not know; otherwise it must be the type's own"),
  vramRequired: z.int().min(0).max(1_000_000).optional().describe('MB; may only raise what the job type needs'),
  maxRetries: z.int().min(0).max(20).default(DEFAULT_MAX_RETRIES),
  target: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
    .optional()
    .describe('The worker host that must run it'),
  notifyQueue: z
    .boolean()
    .default(false)
    .describe('Make a queue named after the id that gets the events of the job; unread for an hour, it goes'),
});
export type CreateJobBody = z.infer<typeof createJobBody>;

/** The fields that a list of jobs can be sorted by; `-` before a name turns the order round. */
export const JOB_SORTS = ['createdAt', '-createdAt', 'priority', '-priority', 'startedAt', '-startedAt'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** What jobs can be chosen by; fields that are left out match every job. */
export const jobFilter = {
  status: listOf(z.enum(JOB_STATUSES)).describe('One or several states'),
  type: listOf(z.string().regex(JOB_TYPE_PATTERN)).describe('One or several job types'),
  resourceCategory: listOf(z.enum(RESOURCE_CATEGORIES)).describe('One or several resource categories'),
  workflowId: z.uuid().optional().describe('The workflow that they belong to'),
  worker: z.string().min(1).max(200).optional().describe('Instance id of the worker of the current or last attempt'),
  q: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Words of the parameters, `clip*` for those that begin so; or the first 8 characters or more of the id'),
  ...createdBetween,
};
export type JobFilter = z.infer<z.ZodObject<typeof jobFilter>>;

/** Query of `GET /api/media/jobs`. */
export const listJobsQuery = z.strictObject({
  ...pageQuery,
  ...jobFilter,
  sort: z.enum(JOB_SORTS).default('-createdAt'),
});
export type ListJobsQuery = z.infer<typeof listJobsQuery>;

const timestamp = z.iso.datetime();

/** A job as lists show it. */
export const jobSummary = z.object({
  id: z.uuid(),
  type: z.string(),
  status: z.enum(JOB_STATUSES),
  progress: z.int().min(0).max(100).describe('Percent; never falls within an attempt'),
  resourceCategory: z.enum(RESOURCE_CATEGORIES),
  vramRequired: z.int().describe('MB'),
  priority,
  params: z.record(z.string(), z.unknown()),
  waitingReason: z.string().nullable().describe('Why a job that could run is not running'),
  retryCount: z.int(),
  maxRetries: z.int(),
  retryAfter: timestamp.nullable(),
  target: z.string().nullable(),
  worker: z.string().nullable().describe('Instance id of the worker of the current or last attempt'),
  workflowId: z.uuid().nullable().describe('The workflow that it belongs to'),
  workflowStep: z.string().nullable().describe('Its step there'),
  workflowBranch: z.int().nullable().describe("Which of the step's jobs it is, from 0"),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  completedAt: timestamp.nullable(),
});
export type JobSummary = z.infer<typeof jobSummary>;

/** A job with all that is known of it. */
export const jobDetail = jobSummary.extend({
  queuePosition: z
    .int()
    .nullable()
    .describe('Among the waiting jobs of its type, 1 for the next; null when it waits for nothing or far behind'),
  log: z.string().describe('Execution log, one line each, oldest first'),
  phase: z.string().nullable(),
  speed: z.number().nullable().describe('Media seconds per second'),
  etaSeconds: z.number().nullable(),
  destinationPaths: z.array(z.string()),
  result: z.record(z.string(), z.unknown()).nullable(),
});
export type JobDetail = z.infer<typeof jobDetail>;

/** A page of jobs. */
export const jobPage = z.object({
  data: z.array(jobSummary),
  pagination: pagePagination,
});
export type JobPage = z.infer<typeof jobPage>;
