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
  wish: z
    .enum(['work', 'pause', 'drain'])
    .describe('What an operator wants of it; only one that is to work is sent orders'),
  devices: z.array(z.object({ id: z.string(), vramMb: z.int() })).describe('Its GPUs'),
  features: z.array(z.string()).describe('Encoders, filters and a sandbox that it found'),
  live: z.boolean().describe('Whether it was heard of within its heartbeat window'),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
});
export type WorkerView = z.infer<typeof workerView>;

/** Answer of `GET /api/media/workers`. */
export const workerList = z.object({ data: z.array(workerView) });
