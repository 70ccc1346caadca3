import { z } from 'zod';
import { videoTags } from '../media-info.js';
import { defineJobType } from './define-job-type.js';
import { mediaInput, videoResult } from './fields.js';

/** Longest time between two pictures that are looked at, in seconds: an hour. */
const LONGEST_STEP_SECONDS = 3600;

/** Tags a video with what a model sees in it. */
export const tagGeneration = defineJobType('tag_generation', {
  category: 'gpu_ai',
  vramMb: 6000,
  label: 'Generate tags',
  shortDescription: 'Tags a video with what a model sees in it',
  description:
    'Takes a picture every few seconds, or further apart where that would be more than maxFrames, upright and with its ' +
    'aspect kept, and lets a vision model look at each. What it names with enough confidence becomes a tag, with the ' +
    'times at which it was seen; the tags replace those that the video had. The model of the worker is a small one, ' +
    'unless it was set up with another: it knows the 80 kinds of things of COCO, people best. It runs on the CPU.',
  parameters: z.strictObject({
    ...mediaInput,
    everySeconds: z
      .number()
      .min(0.04)
      .max(LONGEST_STEP_SECONDS)
      .default(2)
      .describe('Seconds between two pictures that are looked at'),
    maxFrames: z
      .int()
      .min(1)
      .max(1000)
      .default(60)
      .describe('Most pictures that are looked at; in a longer video they lie further apart'),
    minConfidence: z
      .number()
      .min(0.05)
      .max(1)
      .default(0.4)
      .describe('Least confidence of the model with which something counts as seen, up to 1'),
    maxTags: z.int().min(1).max(100).default(20).describe('Most tags; those seen with most confidence are kept'),
    labels: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(1000)
      .optional()
      .describe('Only these tags, by the names that the model has for them'),
  }),
  result: z.object({
    model: z.string().describe('The model that looked'),
    tags: videoTags.shape.items,
    framesLooked: z.number().int().describe('Pictures that were looked at'),
    stepSeconds: z.number().describe('Seconds between two of them'),
    width: z.number().int().describe('Of the video as it is seen: upright, with square pixels'),
    height: z.number().int(),
    ...videoResult,
  }),
});
