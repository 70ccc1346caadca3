import { z } from 'zod';
import { compileFormat, compileInputs } from './compile-fields.js';
import { describeDirectoryType, directoryTypeName } from '../directory-types.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaOutput, videoResult } from './fields.js';

/** The shapes of a picture, as it is seen. */
export const ORIENTATIONS = ['landscape', 'portrait', 'square'] as const;

const inputSeconds = z.number().min(0).max(1_000_000).optional();

/** A random selection of clips, joined. */
export const compileRandom = defineJobType('compile_random', {
  category: 'gpu_encode',
  vramMb: 2000,
  label: 'Random compilation',
  shortDescription: 'Joins clips that are picked at random from the inputs',
  description:
    'Picks inputs at random, and from each a clip at a random place; brings the clips to one size (with black bars ' +
    'where needed), frame rate and loudness; and joins them to an MP4. Inputs without sound are silent. A client that ' +
    'names no inputs has them picked from the videos of the library, by directoryType, durations and orientation. The ' +
    'result holds the picks and the seed: the same seed with the same inputs makes the same picks.',
  parameters: z.strictObject({
    ...compileInputs,
    ...mediaOutput,
    ...compileFormat,
    directoryType: directoryTypeName
      .optional()
      .describe(describeDirectoryType('Where inputs are picked from when none are named; left out, the whole library')),
    count: z.int().min(1).max(50).optional().describe('How many inputs are picked; left out, all that fit'),
    minDuration: inputSeconds.describe('Only inputs that last at least as long, in seconds'),
    maxDuration: inputSeconds.describe('Only inputs that last at most as long, in seconds'),
    orientation: z.enum(ORIENTATIONS).optional().describe('Only inputs of this shape'),
    seed: z.int().min(0).max(4_294_967_295).optional().describe('Decides the picks; left out, one is made up'),
    clipSeconds: z
      .number()
      .min(0.5)
      .max(600)
      .default(5)
      .describe('Length of each clip; shorter inputs are taken whole'),
  }),
  result: z.object({
    outputPath: z.string(),
    seed: z.number().int(),
    picks: z
      .array(z.object({ path: z.string(), startSeconds: z.number(), lengthSeconds: z.number() }))
      .describe('What was taken from where, in order'),
    media: mediaInfo,
    ...videoResult,
  }),
});
