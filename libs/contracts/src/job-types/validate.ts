import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, videoResult } from './fields.js';

/** Probes a video again and records whether it is valid. */
export const validate = defineJobType('validate', {
  category: 'cpu',
  vramMb: 0,
  label: 'Validate metadata',
  shortDescription: 'Probes a video and records whether it is valid',
  description:
    'Reads the container and its streams, refreshes what the library knows of the video, and marks it valid or not. ' +
    'With decode, every frame is decoded as well, which finds damage that headers do not show. ' +
    'A file that cannot be read at all fails the job with INPUT_UNREADABLE.',
  parameters: z.strictObject({
    ...mediaInput,
    decode: z.boolean().default(false).describe('Decode the whole file as well'),
  }),
  result: z.object({
    valid: z.boolean(),
    reason: z.string().nullable().describe('Why the video is not valid'),
    media: mediaInfo,
    ...videoResult,
  }),
});
