import { z } from 'zod';
import { MOST_CHUNKS } from './chunk-fields.js';
import { defineJobType } from './define-job-type.js';
import { libraryPath, mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';
import { presetChoice } from './transcode.js';

/** Joins the encoded chunks of a film. */
export const concatChunks = defineJobType('concat_chunks', {
  category: 'cpu',
  vramMb: 0,
  label: 'Concat chunks',
  shortDescription: 'Joins the encoded chunks of a film, and adds its sound',
  description:
    'Joins the pictures of the chunks as they are, each shown when its picture of the film is, and makes the sound ' +
    'once, by the preset. The container is that of the preset. The output is refused unless it has as many pictures ' +
    'as the film, lasts as long, and decodes at its ends and at every joint.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    parts: z
      .array(libraryPath)
      .min(1)
      .max(MOST_CHUNKS)
      .describe('What encode_chunk made of each chunk, in order, relative to the library'),
    ...presetChoice,
  }),
  result: z.object({
    outputPath: z.string(),
    preset: z.string().describe('name@version'),
    parts: z.int().describe('How many chunks were joined'),
    frames: z.int().describe('Pictures of the output, which are as many as those of the film'),
    media: mediaInfo,
    ...videoResult,
  }),
});
