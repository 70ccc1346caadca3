import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';
import { ENCODER_SPEEDS } from '../presets.js';

/** Converts a video to H.264 and AAC in an MP4 that starts playing before it is fully loaded. */
export const reencodeStreaming = defineJobType('reencode_streaming', {
  category: 'gpu_encode',
  vramMb: 4000,
  label: 'Re-encode for streaming',
  shortDescription: 'H.264 and AAC in a fast-start MP4',
  description:
    'Encodes to H.264 (crf, capped by targetBitrate) with AAC audio at 128 kbit/s and the index at the front. ' +
    'A file that already fits is remuxed instead of encoded, which the result says, unless force is set.',
  parameters: z.strictObject({
    ...mediaInput,
    ...mediaOutput,
    targetBitrate: z.int().min(100).max(200_000).default(2000).describe('Highest video bitrate, kbit/s'),
    preset: z.enum(ENCODER_SPEEDS).default('medium').describe('x264 preset: quicker or smaller'),
    crf: z.int().min(0).max(51).default(23).describe('Constant rate factor: lower is better and larger'),
    force: z.boolean().default(false).describe('Encode even if the file already fits'),
  }),
  result: z.object({
    outputPath: z.string(),
    mode: z.enum(['encode', 'remux']).describe('Whether the video was encoded, or only repackaged since it fitted'),
    encoder: z
      .string()
      .nullable()
      .optional()
      .describe("What encoded the picture, by ffmpeg's name; null where nothing did, or an earlier attempt"),
    media: mediaInfo,
    ...videoResult,
  }),
});
