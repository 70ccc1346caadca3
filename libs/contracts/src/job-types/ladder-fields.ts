import { z } from 'zod';

/** A name of a rendition; it is also that of its folder. */
const RENDITION_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Most renditions of one video: more tell no player anything. */
export const MOST_RENDITIONS = 10;

const kbps = (most: number, meaning: string): z.ZodInt => z.int().min(10).max(most).describe(meaning);

/** One size and bitrate at which a video is offered. */
export const rendition = z.strictObject({
  name: z.string().regex(RENDITION_NAME).describe('Names its folder, such as 720p'),
  width: z.int().min(2).max(8192).multipleOf(2).describe('In pixels, upright'),
  height: z.int().min(2).max(8192).multipleOf(2).describe('In pixels, upright'),
  videoBitrateKbps: kbps(400_000, 'Average bitrate of the picture'),
  maxrateKbps: kbps(500_000, 'Highest bitrate of the picture'),
  bufsizeKbps: kbps(1_000_000, 'Over how much the highest bitrate holds'),
  level: z
    .string()
    .regex(/^[1-6](\.[0-3])?$/)
    .describe('H.264 level'),
});
export type Rendition = z.infer<typeof rendition>;

/** The sound that goes with all renditions of a video. */
export const renditionAudio = z.strictObject({
  bitrateKbps: z.int().min(8).max(1024),
  channels: z.int().min(1).max(8),
  sampleRate: z.int().min(8000).max(96_000).describe('In Hz'),
});
export type RenditionAudio = z.infer<typeof renditionAudio>;

/** Frames a second as ffmpeg reads them: a whole number, or a fraction. */
const frameRate = z
  .string()
  .regex(/^[1-9]\d{0,5}(\.\d{1,3})?(\/[1-9]\d{0,4})?$/)
  .describe('Frames a second of all renditions, such as 25 or 30000/1001');

/** How long segments are, as asked for. */
export const segmentSeconds = z.number().min(1).max(10).describe('Seconds of a segment, as near as frames allow');

/** What all renditions of one video have in common, so that their segments begin at the same frames. */
export const segmentShape = {
  frameRate,
  gopFrames: z.int().min(1).max(10_000).describe('Frames of a segment; each begins with a key picture'),
};

/** The folder that segments appear in while they are made. */
export const publishTo = z.string().regex(/^packages\/[^/]+$/, 'must be a folder of packages/, such as packages/film');
