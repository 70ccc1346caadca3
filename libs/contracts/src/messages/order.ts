import { z } from 'zod';
import { wireParameter } from './parameters.js';

/** The id of an attempt: `job_id` on the wire. Two attempts of one job never share it. */
export const attemptId = z.int().positive();

/**
 * Backend to worker: run this attempt. A peer that only knows the protocol's own fields ignores
 * `reelay`, and everything works without it.
 */
export const orderMessage = z.object({
  job_id: attemptId,
  parameters: z.array(wireParameter),
  reelay: z
    .object({
      job: z.uuid(),
      attempt: z.int().positive().describe('1 for the first try of the job'),
      type: z.string(),
      deadline: z.iso.datetime().optional(),
      traceparent: z.string().optional(),
      device: z.string().min(1).optional().describe('The announced device that is meant for it'),
      vram_mb: z.int().nonnegative().optional().describe('What is set aside for it on that device'),
    })
    .optional(),
});
export type OrderMessage = z.infer<typeof orderMessage>;
