import { z } from 'zod';

/** What a probe learned of a media file. Times in seconds, rates in kbit/s, sizes in bytes and pixels. */
export const mediaInfo = z.object({
  container: z.string().describe('Container format names, as ffprobe gives them'),
  durationSeconds: z.number().nonnegative().nullable(),
  sizeBytes: z.number().int().nonnegative(),
  bitrateKbps: z.number().nonnegative().nullable(),
  video: z
    .object({
      codec: z.string(),
      profile: z.string().nullable(),
      pixelFormat: z.string().nullable(),
      width: z.number().int().positive().describe('Coded width, before rotation'),
      height: z.number().int().positive().describe('Coded height, before rotation'),
      displayAspectRatio: z.string().nullable(),
      fps: z.number().positive().nullable(),
      rotation: z.number().int().describe('Degrees clockwise that a player turns the picture: 0, 90, 180 or 270'),
      bitrateKbps: z.number().nonnegative().nullable(),
      durationSeconds: z.number().positive().optional(),
      interlaced: z.boolean().optional().describe('Left out where the file does not say so'),
      colorTransfer: z.string().optional().describe('As ffprobe names it; smpte2084 and arib-std-b67 are HDR'),
      peakFps: z
        .number()
        .positive()
        .optional()
        .describe('Where frames come at uneven times: the rate that shows them all'),
    })
    .nullable(),
  audio: z
    .object({
      codec: z.string(),
      channels: z.number().int().positive().nullable(),
      sampleRate: z.number().int().positive().nullable(),
      bitrateKbps: z.number().nonnegative().nullable(),
      durationSeconds: z.number().positive().optional(),
    })
    .nullable(),
});
export type MediaInfo = z.infer<typeof mediaInfo>;

/** A part of a video between two cuts. Times in seconds from its beginning. */
export const videoScene = z.object({
  start: z.number().nonnegative(),
  end: z.number().positive(),
  score: z.number().min(0).max(100).describe('How sharp the cut is that it begins with; 0 for the first scene'),
  imagePath: z.string().nullable().describe('A picture of it, relative to the library'),
});
export type VideoScene = z.infer<typeof videoScene>;

/** What a model saw in a video. */
export const videoTags = z.object({
  model: z.string().min(1).describe('The model that saw it'),
  items: z.array(
    z.object({
      tag: z.string().min(1).max(100),
      confidence: z.number().min(0).max(1).describe('Of the picture in which it was seen best'),
      times: z.array(z.number().nonnegative()).describe('Where it was seen: seconds from the beginning'),
    }),
  ),
});
export type VideoTags = z.infer<typeof videoTags>;

/**
 * A change to the library's records that a finished job reports. The backend applies it, keyed by
 * `path`, in the transaction that completes the job. Fields left out stay as they are.
 */
export const videoChange = z.object({
  path: z.string().min(1).describe('Path of the video, relative to the library'),
  movedTo: z
    .string()
    .min(1)
    .optional()
    .describe('Where the video is now: its row follows, before anything else of this change is applied to it'),
  media: mediaInfo.optional(),
  valid: z.boolean().optional(),
  invalidReason: z.string().nullable().optional(),
  thumbnailPath: z.string().optional(),
  spritePath: z.string().optional().describe('Of the WebVTT file'),
  previewPath: z.string().optional(),
  scenes: z.array(videoScene).optional().describe('All scenes of it, in order; they replace those of before'),
  tags: videoTags.optional().describe('All tags of it; they replace those of before'),
  sizeBytes: z.number().int().nonnegative().optional().describe('Where the file could not be probed'),
  modifiedAt: z.iso.datetime().optional().describe("The file's time of modification when it was looked at"),
  fingerprint: z
    .string()
    .optional()
    .describe('Of its size, head and tail: files that were moved are known again by it'),
  missing: z.boolean().optional().describe('Whether the file was gone when its folder was scanned'),
  derivedFrom: z.string().optional().describe('Path of the video that this one was made from'),
  reencoded: z.literal(true).optional().describe('This job re-encoded the video: its row refers to the job'),
});
export type VideoChange = z.infer<typeof videoChange>;
