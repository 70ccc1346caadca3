import { z } from 'zod';
import { compileFormat, compileInputs } from './compile-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaOutput, videoResult } from './fields.js';

/** Many videos in order. */
export const compileMega = defineJobType('compile_mega', {
  category: 'gpu_encode',
  vramMb: 6000,
  label: 'Mega compilation',
  shortDescription: 'Joins many videos in order, with a chapter for each',
  description:
    'Joins the inputs in order, brought to one size, frame rate and loudness, with a chapter for each; optionally with ' +
    'crossfades between them, and with titles over the first seconds of each. Titles need ' +
    'an ffmpeg with drawtext; their font is DejaVu Sans, or what FONT_FILE of the worker names.',
  parameters: z.strictObject({
    ...compileInputs,
    ...mediaOutput,
    ...compileFormat,
    showTitles: z.boolean().default(false).describe('Draw the title of each input over its first seconds'),
    titles: z
      .array(z.string().min(1).max(100))
      .max(50)
      .optional()
      .describe('The titles, in the order of the inputs; left out, the names of the files'),
    crossfadeSeconds: z.number().min(0).max(5).default(0).describe('How long two inputs overlap; 0 for plain cuts'),
  }),
  result: z.object({
    outputPath: z.string(),
    chapters: z.array(z.object({ title: z.string(), startSeconds: z.number(), endSeconds: z.number() })),
    media: mediaInfo,
    ...videoResult,
  }),
});
