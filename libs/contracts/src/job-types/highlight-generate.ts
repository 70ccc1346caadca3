import { z } from 'zod';
import { livelyPart } from './analysis-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';

/** The best moments of a video. */
export const highlightGenerate = defineJobType('highlight_generate', {
  category: 'gpu_ai',
  vramMb: 8000,
  label: 'Generate highlights',
  shortDescription: 'Makes a reel of the best moments of a video, with crossfades',
  description:
    'Decodes the video once, scaled down, and measures how much it moves and how loud it is. Around the peaks, at ' +
    'least a second apart, moments of clipSeconds are taken and joined with crossfades, in the order of the film, to ' +
    'an MP4 of the same size and frame rate (60 at most); how loud they are is not changed. Where the film has no ' +
    'room for as many moments, the reel is shorter than targetLength. A video that is no longer than targetLength is ' +
    'taken whole, and whole says so. It needs no GPU.',
  parameters: z
    .strictObject({
      ...mediaInput,
      ...mediaOutput,
      targetLength: z.number().min(1).max(3600).default(30).describe('How long the reel is, in seconds'),
      clipSeconds: z.number().min(1).max(60).default(3).describe('How long each moment is, in seconds'),
      crossfadeSeconds: z
        .number()
        .min(0)
        .max(5)
        .default(0.5)
        .describe('How long two moments overlap, at most half of clipSeconds; 0 for plain cuts'),
    })
    .refine(({ clipSeconds, crossfadeSeconds }) => crossfadeSeconds * 2 <= clipSeconds, {
      path: ['crossfadeSeconds'],
      error: 'must not be longer than half of clipSeconds',
    }),
  result: z.object({
    outputPath: z.string(),
    whole: z.boolean().describe('The video is no longer than targetLength, and was taken whole'),
    moments: z.array(livelyPart).describe('What was taken, in order'),
    media: mediaInfo,
    ...videoResult,
  }),
});
