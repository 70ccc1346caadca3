import { z } from 'zod';
import { livelyPart, sceneCuts } from './analysis-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';

/** A video in short. */
export const digestGenerate = defineJobType('digest_generate', {
  category: 'gpu_ai',
  vramMb: 8000,
  label: 'Generate digest',
  shortDescription: 'Makes a short video of the best parts of a long one',
  description:
    'Decodes the video once, scaled down; finds its scenes, and measures how much each moves and how loud it is. The ' +
    'liveliest parts of scenes, up to targetLength, are joined in the order of the film to an MP4 of the same size ' +
    'and frame rate (60 at most); how loud they are is not changed. Without includeHighlights, parts are taken evenly ' +
    'from the whole film. A video that is no longer than targetLength is taken whole, and whole says so. The same ' +
    'video and parameters give the same digest. It needs no GPU.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    ...sceneCuts,
    targetLength: z.number().min(1).max(3600).default(60).describe('How long the digest is, in seconds'),
    includeHighlights: z.boolean().default(true).describe('Prefer what moves and is loud; else take parts evenly'),
    segmentSeconds: z
      .number()
      .min(1)
      .max(60)
      .default(4)
      .describe('The most that is taken at once; the next part may follow it'),
  }),
  result: z.object({
    outputPath: z.string(),
    whole: z.boolean().describe('The video is no longer than targetLength, and was taken whole'),
    segments: z.array(livelyPart).describe('What was taken, in order'),
    media: mediaInfo,
    ...videoResult,
  }),
});
