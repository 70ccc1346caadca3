import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput } from './fields.js';
import { MOST_RENDITIONS, rendition, renditionAudio, segmentSeconds, segmentShape } from './ladder-fields.js';

const rung = z.strictObject({
  height: z.int().min(16).max(8192).describe('Of the shorter side, in pixels'),
  videoBitrateKbps: z.int().min(10).max(400_000).optional().describe('Left out, what is usual for its size and rate'),
});

const probedRung = z.object({
  name: z.string(),
  usualKbps: z.int().describe('What it would have without a look at the video'),
  measured: z.array(z.object({ crf: z.int(), kbps: z.int() })).describe('What the samples took, at each quality'),
  detail: z
    .object({
      ssim: z.number().describe('Of brightness; 1 for all of it'),
      psnr: z.number().describe('Of brightness and colours, in dB; 100 for all of it'),
    })
    .nullable()
    .describe('What its size can show of the video, in the picture where it shows least; null where that is not known'),
  chosenKbps: z.int(),
  kept: z.boolean(),
  reason: z.string(),
});

/** Decides in which sizes and bitrates a video is offered. */
export const planLadder = defineJobType('plan_ladder', {
  category: 'cpu',
  vramMb: 0,
  label: 'Plan a ladder',
  shortDescription: 'Decides sizes, bitrates and segments for adaptive streaming',
  description:
    'Chooses the renditions that a video is offered in: those asked for, or the usual ones, without those that are larger ' +
    'than the video. Where none is left there is one of its own size. Sides are even, the display aspect is kept, and ' +
    'height means the shorter side of upright pictures. Segments have a whole number of frames, the same in all ' +
    'renditions; a rate that varies becomes even, one above 60 is lowered, and one below 1 raised. With perTitle, ' +
    'samples of the video are encoded quickly at two qualities: bitrates follow what they took. A rendition is left out ' +
    'when the next smaller one can show all that is in the video, or when it would cost nearly as much as the next ' +
    'larger one; not when its bitrate was asked for. It only plans: encode_rendition does the work, one job for each of the groups.',
  parameters: z.strictObject({
    ...mediaInput,
    renditions: z
      .array(rung)
      .min(1)
      .max(MOST_RENDITIONS)
      .optional()
      .describe('Left out: 1080, 720, 480 and 360, each only where the video is that large'),
    segmentSeconds: segmentSeconds.default(4),
    perTitle: z
      .boolean()
      .default(false)
      .describe('Let bitrates follow a quick look at how hard the video is to encode'),
    groups: z
      .int()
      .min(1)
      .max(MOST_RENDITIONS)
      .default(1)
      .describe('How many jobs share the work; the renditions of one share its decoding'),
    audioBitrateKbps: z.int().min(32).max(512).default(128).describe('Of the sound'),
  }),
  result: z.object({
    source: z.object({
      path: z.string(),
      media: mediaInfo,
      width: z.int().describe('As it is seen: upright, with square pixels'),
      height: z.int().describe('As it is seen: upright, with square pixels'),
    }),
    ...segmentShape,
    segmentSeconds: z.number().describe('Seconds of a segment, exactly'),
    renditions: z.array(rendition).describe('From the largest to the smallest'),
    audio: renditionAudio.nullable().describe('Null where the video has no sound'),
    groups: z
      .array(
        z.object({
          name: z.string(),
          renditions: z.array(rendition),
          audio: renditionAudio.nullable().describe('Of one group only'),
        }),
      )
      .describe('Of about equal work; what encode_rendition takes'),
    perTitle: z
      .object({ sampledSeconds: z.number(), places: z.int(), rungs: z.array(probedRung) })
      .nullable()
      .describe('What was found and decided; null where it was not asked for'),
    notes: z.array(z.string()).describe('What was decided and why, for people'),
  }),
});
