import { z } from 'zod';
import { presetOverrides, presetReference, presetSettings } from '../presets.js';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaInput, mediaOutput, videoResult } from './fields.js';

/** The preset that is used when none is named. */
export const DEFAULT_PRESET = 'web-1080p';

const seconds = z.number().min(0).max(1_000_000);

/** Which preset, what is changed of it, and which part of the input; the same for a job and its dry run. */
export const transcodeChoice = {
  overrides: presetOverrides.optional().describe("Changes to the preset's settings; null takes a setting away"),
  start: seconds.optional().describe('Second of the input at which the output begins'),
  end: seconds.optional().describe('Second of the input at which the output ends'),
};

/** By which preset a job encodes; the settings are filled in when it is submitted, since workers know no presets. */
export const presetChoice = {
  preset: presetReference.default(DEFAULT_PRESET).describe("A preset's name, or name@version"),
  overrides: transcodeChoice.overrides,
  settings: presetSettings
    .optional()
    .describe("Filled in when the job is submitted: the preset's settings with the overrides applied"),
};

/** Whether a part of the input has a length. */
export const endsAfterStart = ({ start = 0, end }: { start?: number | undefined; end?: number | undefined }): boolean =>
  end === undefined || end > start;

/** What is said of a part that has none. */
export const END_FAULT = { path: ['end'], error: 'must be after start' };

/** Encodes a file by a preset. */
export const transcode = defineJobType('transcode', {
  category: 'gpu_encode',
  vramMb: 4000,
  label: 'Transcode',
  shortDescription: 'Encodes by a preset: H.264, HEVC, AV1, VP9, or sound only',
  description:
    "Encodes to a preset's settings, as they are when the job is submitted; each setting can be overridden. The picture is " +
    'never enlarged and keeps its display aspect, with square pixels and even sides. Interlaced pictures are deinterlaced, HDR is ' +
    'tone-mapped to SDR, and uneven frame times are made even. A worker whose ffmpeg lacks the encoder fails the job with ' +
    'FEATURE_MISSING.',
  parameters: z
    .strictObject({
      ...mediaInput,
      ...mediaOutput,
      preset: presetChoice.preset,
      ...transcodeChoice,
      settings: presetChoice.settings,
    })
    .refine(endsAfterStart, END_FAULT),
  result: z.object({
    preset: z.string().describe('name@version'),
    outputPath: z.string(),
    mode: z.enum(['encode', 'remux']).describe('Whether something was encoded, or all was copied as it is'),
    encoder: z
      .string()
      .nullable()
      .optional()
      .describe("What encoded the picture, by ffmpeg's name; null where nothing did, or an earlier attempt"),
    media: mediaInfo,
    ...videoResult,
  }),
});
