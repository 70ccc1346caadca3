import { z } from 'zod';
import { filmChunk, MOST_CHUNKS } from './chunk-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, videoResult } from './fields.js';

/** Decides where a film is cut so that many workers can encode it at once. */
export const segment = defineJobType('segment', {
  category: 'cpu',
  vramMb: 0,
  label: 'Segment',
  shortDescription: 'Divides a film into chunks that are encoded on their own',
  description:
    'Reads the times of all pictures, without decoding or copying them, and cuts at key pictures. The result lists the ' +
    'chunks for encode_chunk, one job each; concat_chunks joins what these made. Each picture belongs to exactly one ' +
    `chunk. There are at most ${String(MOST_CHUNKS)} chunks: those of a longer film are longer, and so are they where ` +
    'key pictures are rare.',
  parameters: z.strictObject({
    ...mediaInput,
    chunkSeconds: z
      .number()
      .min(2)
      .max(600)
      .default(30)
      .describe('How long a chunk is at least; it ends at the next key picture'),
  }),
  result: z.object({
    chunks: z.array(filmChunk).min(1).max(MOST_CHUNKS).describe('In the order in which they are shown'),
    frames: z.int().describe('Pictures of the film'),
    hasAudio: z.boolean(),
    media: mediaInfo,
    ...videoResult,
  }),
});
