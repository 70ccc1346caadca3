import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInput, mediaOutput, videoResult } from './fields.js';

/** One still image taken from a video. */
export const thumbnailGenerate = defineJobType('thumbnail_generate', {
  category: 'cpu',
  vramMb: 0,
  label: 'Generate thumbnail',
  shortDescription: 'Takes a still image from a video',
  description:
    'Seeks to the timestamp (25 % into the video by default), takes one frame, scales it to the width with its display ' +
    'aspect kept, and saves it as JPEG. A timestamp past the end is moved to the last second. ' +
    'Without a timestamp, near-black frames are passed over.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    timestamp: z
      .number()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe('Seconds from the start; default is 25 % into the video'),
    width: z.int().min(16).max(7680).default(640).describe('Width in pixels; never larger than the video'),
  }),
  result: z.object({
    thumbnailPath: z.string(),
    timestamp: z.number().describe('Where the frame was taken, in seconds'),
    width: z.number().int(),
    height: z.number().int(),
    sizeBytes: z.number().int(),
    ...videoResult,
  }),
});
