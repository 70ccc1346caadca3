import { z } from 'zod';

/** States of a job. */
export const JOB_STATUSES = ['pending', 'queued', 'running', 'completed', 'failed', 'cancelled', 'paused'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A change of a job, published as `job.<id>.<status>` on `job_events` after it was committed. */
export const jobEvent = z.object({
  id: z.uuid(),
  type: z.string(),
  status: z.enum(JOB_STATUSES),
  progress: z.int().min(0).max(100),
  workflowId: z.uuid().optional().describe('The workflow that it belongs to; left out where there is none'),
  at: z.iso.datetime(),
});
export type JobEvent = z.infer<typeof jobEvent>;

/** The routing key under which it is told on `job_events` that logs grew. */
export const LOG_NEWS_KEY = 'log';

/** Jobs whose log grew. The lines themselves are read from the API. */
export const logNews = z.object({ jobs: z.array(z.uuid()).min(1) });
export type LogNews = z.infer<typeof logNews>;

/** The routing key of a job's event. */
export const jobEventKey = (event: Pick<JobEvent, 'id' | 'status'>): string => `job.${event.id}.${event.status}`;
