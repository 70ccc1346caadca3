import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { filmPosition, mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';

/** Cuts a range out of a video. */
export const trim = defineJobType('trim', {
  category: 'cpu',
  vramMb: 0,
  label: 'Trim',
  shortDescription: 'Cuts a range out of a video, without encoding it again',
  description:
    'Copies picture and sound as they are. A copy can only start at a key picture: it starts at the one at or before ' +
    'start, and the result says where it really starts and ends. With accurate, the cut is exact: of H.264 (8 bit, ' +
    '4:2:0, progressive, upright) only the groups of pictures at the edges are encoded and what lies between is ' +
    'copied; of every other codec, or where the range holds no whole group, the range is encoded to H.264. ' +
    "The result's mode says which. A range beyond the film is refused.",
  parameters: z
    .strictObject({
      ...mediaInput,
      ...mediaOutput,
      start: filmPosition.describe('Where the range starts: seconds, or text such as 1:02:03.5'),
      end: filmPosition.describe('Where the range ends: seconds, or text such as 1:02:03.5'),
      accurate: z.boolean().default(false).describe('Cut exactly at start and end, not at key pictures'),
    })
    .refine(({ start, end }) => end > start, { path: ['end'], error: 'must be later than start' }),
  result: z.object({
    outputPath: z.string(),
    mode: z
      .enum(['copy', 'smart', 'encode'])
      .describe('All copied; only the edges encoded; or all encoded, since the input cannot be joined'),
    reason: z.string().nullable().describe('Why all was encoded'),
    inSeconds: z.number().describe('Where in the input the output really starts'),
    outSeconds: z.number().describe('Where in the input the output really ends'),
    frames: z.number().int().describe('Pictures of the output'),
    encodedFrames: z.number().int().describe('How many of them were encoded again'),
    media: mediaInfo,
    ...videoResult,
  }),
});
