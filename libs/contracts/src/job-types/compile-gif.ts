import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { filmPosition, mediaInput, mediaOutput } from './fields.js';

/** An animated GIF of a part of a video. */
export const compileGif = defineJobType('compile_gif', {
  category: 'cpu',
  vramMb: 0,
  label: 'Animated GIF',
  shortDescription: 'Makes an animated GIF of a part of a video',
  description:
    'Makes an animated GIF with a palette of its own. With maxBytes, it is made again with fewer pixels, and then fewer ' +
    'pictures a second, until it fits; after six tries the job fails with INVALID_PARAMETERS.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    start: filmPosition.default(0).describe('Where it starts: seconds, or text such as 1:02.5'),
    duration: z.number().min(0.1).max(60).default(3).describe('How long it lasts, in seconds'),
    fps: z.int().min(1).max(50).default(12).describe('Pictures a second'),
    width: z.int().min(16).max(1920).default(480).describe('Width in pixels; never larger than the video'),
    maxBytes: z.int().min(1_000).max(1_000_000_000).optional().describe('Largest size of the file'),
  }),
  result: z.object({
    outputPath: z.string(),
    width: z.number().int(),
    height: z.number().int(),
    fps: z.number(),
    frames: z.number().int(),
    sizeBytes: z.number().int(),
    tries: z.number().int().describe('How often it was made until it fitted'),
  }),
});
