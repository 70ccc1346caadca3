import { z } from 'zod';
import { compileFormat } from './compile-fields.js';
import { defineJobType } from './define-job-type.js';
import { libraryPath, mediaInfo, mediaOutput, videoResult } from './fields.js';

/** Four videos in a grid. */
export const compileQuad = defineJobType('compile_quad', {
  category: 'gpu_encode',
  vramMb: 4000,
  label: 'Quad compilation',
  shortDescription: 'Plays four videos at once in a grid',
  description:
    'Plays four inputs at once in a grid of equal cells: the first two above, the others below; each keeps its shape, ' +
    'with black around it. The sound is mixed, or taken from one of them. It lasts as long as the shortest input, or as ' +
    'the longest: then cells whose video is over turn black.',
  parameters: z.strictObject({
    inputPaths: z.array(libraryPath).length(4).describe('The four inputs, relative to the library'),
    ...mediaOutput,
    ...compileFormat,
    width: compileFormat.width.refine((width) => width % 4 === 0, 'must be a multiple of 4'),
    height: compileFormat.height.refine((height) => height % 4 === 0, 'must be a multiple of 4'),
    audio: z
      .union([z.enum(['mix', 'none']), z.literal([1, 2, 3, 4])])
      .default('mix')
      .describe('The sound of all, of none, or of the input with this number'),
    duration: z.enum(['shortest', 'longest']).default('shortest').describe('How long it lasts'),
  }),
  result: z.object({ outputPath: z.string(), media: mediaInfo, ...videoResult }),
});
