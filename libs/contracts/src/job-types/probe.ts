import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, videoResult } from './fields.js';

/** Reads what a media file holds. */
export const probe = defineJobType('probe', {
  category: 'cpu',
  vramMb: 0,
  label: 'Probe',
  shortDescription: 'Reads what a media file holds',
  description:
    'Reads the container and its streams, and brings what the library knows of the video up to date. ' +
    'With countFrames, every picture is decoded and counted. It passes no judgement: see `validate` for that. ' +
    'A file that cannot be read at all fails the job with INPUT_UNREADABLE.',
  parameters: z.strictObject({
    ...mediaInput,
    countFrames: z.boolean().default(false).describe('Decode all pictures, to count them'),
  }),
  result: z.object({
    media: mediaInfo,
    frames: z.number().int().nullable().describe('Pictures that were decoded; null when they were not counted'),
    ...videoResult,
  }),
});
