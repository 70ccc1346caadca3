import { z } from 'zod';
import { RESOURCE_CATEGORIES } from '../job-types/define-job-type.js';

/** A job type as the API shows it. */
export const jobTypeView = z.object({
  type: z.string(),
  label: z.string(),
  shortDescription: z.string(),
  description: z.string(),
  resourceCategory: z.enum(RESOURCE_CATEGORIES),
  vramRequired: z.int().describe('MB that one job needs'),
  parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of the parameters, draft-07'),
  result: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema of the result, where it is known'),
  builtIn: z.boolean().describe('Whether Reelay ships it'),
  liveWorkers: z.int().describe('Workers that serve it now'),
  paused: z.boolean().describe('Jobs of this type are not sent'),
  lastAnnouncedAt: z.iso.datetime().nullable(),
});
export type JobTypeView = z.infer<typeof jobTypeView>;

/** Answer of `GET /api/media/job-types`. */
export const jobTypeList = z.object({ data: z.array(jobTypeView) });
