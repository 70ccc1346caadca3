import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { filmPosition, mediaInfo, mediaInput, videoResult } from './fields.js';

/** More clips than this belong into several jobs. */
const MOST_CLIPS = 200;

const range = z
  .strictObject({
    start: filmPosition.describe('Where the clip starts: seconds, or text such as 1:02:03.5'),
    end: filmPosition.describe('Where the clip ends'),
  })
  .refine(({ start, end }) => end > start, { path: ['end'], error: 'must be later than start' });

/** Clips of a video. */
export const clipGenerate = defineJobType('clip_generate', {
  category: 'gpu_ai',
  vramMb: 6000,
  label: 'Generate clips',
  shortDescription: 'Cuts clips out of a video, at given ranges or those of a digest',
  description:
    'Cuts each range out into a file of its own in clips/, named after the input with a number, as trim does it: ' +
    'copied from key picture to key picture, or exactly with accurate. With digestJobId the ranges and the input are ' +
    'those of a completed digest_generate job. Ranges beyond the film are refused before anything is cut. It needs no ' +
    'GPU.',
  parameters: z.strictObject({
    ...mediaInput,
    digestJobId: z
      .uuid()
      .optional()
      .describe('A completed digest_generate job, whose segments are the ranges and whose input is the input'),
    ranges: z.array(range).min(1).max(MOST_CLIPS).describe('What is cut out, in this order'),
    accurate: z.boolean().default(false).describe('Cut exactly at start and end, not at key pictures'),
  }),
  result: z.object({
    clips: z.array(
      z.object({
        outputPath: z.string(),
        start: z.number().describe('What was asked for'),
        end: z.number(),
        mode: z.enum(['copy', 'smart', 'encode']).describe('All copied; only the edges encoded; or all encoded'),
        inSeconds: z.number().describe('Where in the input the clip really starts'),
        outSeconds: z.number().describe('Where in the input the clip really ends'),
        frames: z.number().int(),
        media: mediaInfo,
      }),
    ),
    ...videoResult,
  }),
});
