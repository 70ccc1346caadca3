import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInput, mediaOutput, videoResult } from './fields.js';

/** What can be made of a video's pictures. */
const THUMBNAIL_KINDS = ['single', 'sprite', 'preview'] as const;
type ThumbnailKind = (typeof THUMBNAIL_KINDS)[number];

/** The parameters that belong to one kind only. */
const OF_KIND: Readonly<Record<string, ThumbnailKind>> = {
  timestamp: 'single',
  intervalSeconds: 'sprite',
  count: 'sprite',
  columns: 'sprite',
  segments: 'preview',
  segmentSeconds: 'preview',
  format: 'preview',
};

/** Widest tile of a sprite sheet and widest animated preview, in pixels: both are made to be small. */
const WIDEST = { single: 7680, sprite: 640, preview: 1280 } as const satisfies Record<ThumbnailKind, number>;

/** More tiles would be a film of their own. */
const MOST_TILES = 1000;

/** What a parameter of another kind, or one that contradicts another, is told. */
function kindFaults(given: Readonly<Record<string, unknown>>): { path: string; message: string }[] {
  const kind = given.kind as ThumbnailKind;
  const foreign = Object.entries(OF_KIND).filter(([name, of]) => given[name] !== undefined && of !== kind);
  return [
    ...foreign.map(([path, of]) => ({ path, message: `belongs to kind ${of}, not to ${kind}` })),
    ...(kind !== 'single' && Number(given.width ?? 0) > WIDEST[kind]
      ? [{ path: 'width', message: `must not be larger than ${String(WIDEST[kind])} for kind ${kind}` }]
      : []),
    ...(given.count !== undefined && given.intervalSeconds !== undefined
      ? [{ path: 'count', message: 'and intervalSeconds exclude each other: give one of them' }]
      : []),
  ];
}

/** Still and moving pictures that stand for a video. */
export const thumbnailGenerate = defineJobType('thumbnail_generate', {
  category: 'cpu',
  vramMb: 0,
  label: 'Generate thumbnail',
  shortDescription: 'Takes a still image, a sprite sheet or an animated preview from a video',
  description:
    'A single picture: seeks to the timestamp (25 % into the video by default), takes one frame, scales it to the width with its display ' +
    'aspect kept, and saves it as JPEG. A timestamp past the end is moved to the last second. ' +
    'Without a timestamp, near-black frames are passed over. ' +
    'A sprite is a folder with JPEG sheets of evenly spaced pictures and `sprite.vtt`, a WebVTT file that tells players ' +
    'which part of which sheet (`#xywh=`) belongs to which time; outputPath names the folder. Where the pictures are ' +
    '4 s apart or more, each may be the key picture before its time. ' +
    'A preview joins short segments, spread over the video, into a small silent MP4 (H.264) or a looping WebP.',
  parameters: z
    .strictObject({
      ...mediaInput,
      ...mediaOutput,
      kind: z.enum(THUMBNAIL_KINDS).default('single').describe('One picture, a sprite sheet, or an animated preview'),
      timestamp: z
        .number()
        .min(0)
        .max(1_000_000)
        .optional()
        .describe('Single: seconds from the start; default is 25 % into the video'),
      width: z
        .int()
        .min(16)
        .max(WIDEST.single)
        .optional()
        .describe(
          'Width in pixels, never larger than the video; default 640, of a tile 160 (at most 640), of a preview 320 (at most 1280)',
        ),
      intervalSeconds: z
        .number()
        .min(0.1)
        .max(3600)
        .optional()
        .describe('Sprite: seconds between two pictures; there are never more than 1000 of them'),
      count: z
        .int()
        .min(1)
        .max(MOST_TILES)
        .optional()
        .describe('Sprite: number of pictures, instead of intervalSeconds; default 100, but not closer than 1 s'),
      columns: z.int().min(1).max(20).optional().describe('Sprite: pictures in a row of a sheet; default 10'),
      segments: z.int().min(1).max(20).optional().describe('Preview: number of segments; default 5'),
      segmentSeconds: z.number().min(0.2).max(5).optional().describe('Preview: length of each in seconds; default 1'),
      format: z.enum(['mp4', 'webp']).optional().describe('Preview: default mp4'),
    })
    .superRefine((given, context) => {
      for (const { path, message } of kindFaults(given)) context.addIssue({ code: 'custom', path: [path], message });
    }),
  result: z.object({
    kind: z.enum(THUMBNAIL_KINDS),
    thumbnailPath: z.string().optional().describe('Of a single picture'),
    timestamp: z.number().optional().describe('Where the single picture was taken, in seconds'),
    spritePath: z.string().optional().describe('The WebVTT file of a sprite'),
    sheets: z.array(z.string()).optional().describe('The sheets of a sprite, in order'),
    tiles: z.number().int().optional().describe('Pictures of a sprite'),
    intervalSeconds: z.number().optional().describe('Between two pictures of a sprite'),
    previewPath: z.string().optional().describe('Of an animated preview'),
    durationSeconds: z.number().optional().describe('Of an animated preview'),
    width: z.number().int().describe('Of the picture, of one tile, or of the preview'),
    height: z.number().int(),
    sizeBytes: z.number().int().describe('Of all files together'),
    ...videoResult,
  }),
});
