import { z } from 'zod';

/** A worker as the API shows it. */
export const workerView = z.object({
  instanceId: z.string(),
  app: z.string().nullable().describe('The worker service this is a replica of'),
  host: z.string().nullable(),
  version: z.string(),
  jobTypes: z.array(z.string()),
  slots: z.int(),
  running: z.int().describe('Attempts that it holds now'),
  activity: z.string(),
  live: z.boolean().describe('Whether it was heard of within its heartbeat window'),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
});
export type WorkerView = z.infer<typeof workerView>;

/** Answer of `GET /api/media/workers`. */
export const workerList = z.object({ data: z.array(workerView) });
