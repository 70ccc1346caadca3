import { z } from 'zod';
import { furtherDirectoryTypes } from '../directory-types.js';
import { RESOURCE_CATEGORIES } from '../job-types/define-job-type.js';

const DAY_SECONDS = 24 * 60 * 60;

const days = z.number().positive().max(36_500).nullable();
const limit = z.int().min(0).max(100_000);

/** What can be set while everything runs. */
export const settings = z.strictObject({
  limits: z
    .strictObject({ cpu: limit, gpu_encode: limit, gpu_ai: limit })
    .describe('Jobs of each category that may be out or running at once, over the whole fleet'),
  retry: z
    .strictObject({
      baseSeconds: z.number().min(0).max(DAY_SECONDS).describe('Delay before the first retry; it doubles with each'),
      capSeconds: z
        .number()
        .min(0)
        .max(30 * DAY_SECONDS)
        .describe('Longest delay'),
      jitter: z.number().min(0).max(1).describe('Share of the delay that chance may add'),
      maxLosses: z.int().min(0).max(100).describe('How often a job may lose its worker before it fails'),
    })
    .describe('Automatic retries of failed attempts'),
  scheduling: z
    .strictObject({
      ageingMinutes: z
        .number()
        .min(1)
        .nullable()
        .describe('A waiting job rises by one priority each time; null: never'),
      reserveAfterMinutes: z
        .number()
        .min(0)
        .nullable()
        .describe('A job that waited this long for video memory reserves it; null: never'),
      paused: z.boolean().describe('Nothing is sent while it is set'),
      pausedCategories: z.array(z.enum(RESOURCE_CATEGORIES)).describe('No job of these is sent'),
      unroutableTtlSeconds: z
        .int()
        .min(1)
        .max(365 * DAY_SECONDS)
        .describe('How long a job waits for a worker to announce its type before it fails'),
    })
    .describe('Which job runs next'),
  retention: z
    .strictObject({
      completedDays: days.describe('Completed jobs leave the list this long after their end; null: never'),
      failedDays: days.describe('The same for failed and cancelled ones'),
      archive: z.boolean().describe('What leaves the list goes to the archive; else it is deleted'),
      archiveDays: days.describe('Archived jobs are deleted this long after their end; null: never'),
    })
    .describe('How long jobs that are over are kept'),
  library: z
    .strictObject({
      directoryTypes: furtherDirectoryTypes.describe('Its further folders, by name, beside the built-in ones'),
    })
    .describe('The library of videos'),
});
export type Settings = z.infer<typeof settings>;

export const DEFAULT_SETTINGS: Settings = {
  limits: { cpu: 5, gpu_encode: 2, gpu_ai: 1 },
  retry: { baseSeconds: 120, capSeconds: 3_600, jitter: 0.1, maxLosses: 3 },
  scheduling: {
    ageingMinutes: null,
    reserveAfterMinutes: 10,
    paused: false,
    pausedCategories: [],
    unroutableTtlSeconds: DAY_SECONDS,
  },
  retention: { completedDays: null, failedDays: null, archive: true, archiveDays: null },
  library: { directoryTypes: [] },
};

/** Body of `PATCH /api/media/settings`: what is left out stays as it is. */
export const patchSettingsBody = z.strictObject({
  limits: settings.shape.limits.partial().optional(),
  retry: settings.shape.retry.partial().optional(),
  scheduling: settings.shape.scheduling.partial().optional(),
  retention: settings.shape.retention.partial().optional(),
  library: settings.shape.library.partial().optional(),
});
export type PatchSettingsBody = z.infer<typeof patchSettingsBody>;
