import { z } from 'zod';
import { filmChunk } from './chunk-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, mediaOutput } from './fields.js';
import { presetChoice } from './transcode.js';

/** Encodes the pictures of one chunk of a film. */
export const encodeChunk = defineJobType('encode_chunk', {
  category: 'gpu_encode',
  vramMb: 0,
  label: 'Encode chunk',
  shortDescription: 'Encodes the pictures of one chunk of a film',
  description:
    'Encodes exactly the pictures of a chunk by a preset, without sound, into an MP4 in work/ that concat_chunks joins ' +
    'with the others. All pictures are kept, with the times at which they are shown: a preset that would drop some, or ' +
    'that ends before the film does, is refused. The CPU encodes, since what different encoders made cannot be joined. ' +
    'Otherwise it does as transcode does with the same preset.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    chunk: filmChunk.optional().describe('One of those that segment listed; left out, the whole film'),
    ...presetChoice,
  }),
  result: z.object({
    outputPath: z.string(),
    preset: z.string().describe('name@version'),
    startFrame: z.int().describe('How many pictures of the film come before it'),
    frames: z.int().describe('Pictures of the output, which are as many as those of the chunk'),
    media: mediaInfo,
  }),
});
