import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { libraryPath, mediaInput } from './fields.js';
import { MOST_RENDITIONS, publishTo, rendition, renditionAudio, segmentShape } from './ladder-fields.js';
import { ENCODER_SPEEDS } from '../presets.js';

/** The file that an output of `encode_rendition` is known by. */
export const RENDITIONS_FILE = 'renditions.json';

const track = z.object({ name: z.string(), path: z.string(), segments: z.int(), sizeBytes: z.int() });

/** Encodes renditions of a video, cut into segments. */
export const encodeRendition = defineJobType('encode_rendition', {
  category: 'gpu_encode',
  vramMb: 4000,
  label: 'Encode renditions',
  shortDescription: 'Encodes a video in several sizes at once, as CMAF segments',
  description:
    'Decodes a video once and encodes all renditions from that, in one ffmpeg: H.264 with closed groups of pictures that are ' +
    'as long as a segment, and AAC as a rendition of its own. Each is a folder with init.mp4 and numbered CMAF segments that ' +
    'decode on their own; package_hls_dash makes playlists and manifests of them. With publishTo the segments appear there ' +
    'while they are made, with playlists that grow: players may start before the encode ends. Such a folder is removed when ' +
    'the job is cancelled or fails for good. Parameters are those that plan_ladder found.',
  parameters: z
    .strictObject({
      ...mediaInput,
      renditions: z.array(rendition).max(MOST_RENDITIONS).describe('Empty for the sound alone'),
      audio: renditionAudio.nullable().default(null).describe('Null leaves the sound to another job, or out'),
      ...segmentShape,
      speed: z.enum(ENCODER_SPEEDS).default('medium').describe('x264 preset: quicker or smaller'),
      outputPath: libraryPath
        .refine((path) => path.startsWith('work/'), 'must be a folder of work/')
        .optional()
        .describe('A folder of work/; left out, a free name is chosen'),
      publishTo: publishTo.optional().describe('A folder of packages/ that segments appear in while they are made'),
    })
    .refine(({ renditions, audio }) => renditions.length > 0 || audio !== null, {
      path: ['renditions'],
      error: 'must hold a rendition where there is no audio',
    })
    .refine(({ renditions }) => new Set(renditions.map(({ name }) => name)).size === renditions.length, {
      path: ['renditions'],
      error: 'must have different names',
    }),
  result: z.object({
    path: z.string().describe('The folder, relative to the library: what package_hls_dash takes'),
    renditions: z.array(track.extend({ width: z.int(), height: z.int(), averageKbps: z.int() })),
    audio: track.nullable(),
    encoder: z
      .string()
      .nullable()
      .describe("What encoded the picture, by ffmpeg's name; null where nothing did, or an earlier attempt"),
    frames: z.int().describe('Pictures of each rendition'),
    durationSeconds: z.number(),
    publishedTo: z.string().nullable(),
  }),
});
