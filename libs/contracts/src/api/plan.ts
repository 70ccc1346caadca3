import { z } from 'zod';
import { BULK_MAX } from './job-actions.js';
import { createJobBody } from './jobs.js';

const timestamp = z.iso.datetime();

/** Answer of `GET /api/media/jobs/:id/explain`. */
export const jobExplanation = z.object({
  status: z.enum(['could run now', 'waits', 'never starts as things are']),
  reason: z.string().nullable().describe('The first constraint that is not met'),
  constraints: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  position: z.int().describe('1 for the job that is looked at first'),
  predictedStart: timestamp.nullable().describe('By what jobs of each type took lately'),
});
export type ExplanationView = z.infer<typeof jobExplanation>;

/** Body of `POST /api/media/jobs/simulate`. */
export const simulateBody = z.strictObject({
  jobs: z.array(createJobBody).max(BULK_MAX).default([]).describe('Jobs that are imagined beside those that wait'),
});
export type SimulateBody = z.infer<typeof simulateBody>;

/** Answer of `POST /api/media/jobs/simulate`. */
export const simulation = z.object({
  schedule: z.array(
    z.object({
      id: z.string().describe("A waiting job's id, or `new-<n>` for an imagined one"),
      start: timestamp,
      end: timestamp,
      worker: z.string().nullable(),
      host: z.string().nullable(),
      device: z.string().nullable(),
    }),
  ),
  makespanSeconds: z.number(),
  never: z.array(z.object({ id: z.string(), reason: z.string() })).describe('Jobs that never start as things are'),
});
export type SimulationView = z.infer<typeof simulation>;
