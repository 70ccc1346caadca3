import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { libraryPath, mediaInput } from './fields.js';

const figures = z.object({
  mean: z.number(),
  min: z.number().describe('Of the worst frame'),
  perSecondMin: z.array(z.number()).describe('Of the worst frame in each second of the reference, from its start'),
});

/** Measures how much a video differs from its reference. */
export const qualityCheck = defineJobType('quality_check', {
  category: 'cpu',
  vramMb: 0,
  label: 'Quality check',
  shortDescription: 'Measures a video against its reference',
  description:
    'Scales the video to the size of its reference, sets both to the rate of the reference, and compares the frames ' +
    'of the same time: SSIM, PSNR, and VMAF where the ffmpeg of the worker has it. With everySeconds, only one ' +
    'frame in that time is compared. Below a minimum for the mean, or where the two do not last equally long, the ' +
    'job fails with QUALITY_TOO_LOW.',
  parameters: z.strictObject({
    ...mediaInput,
    referencePath: libraryPath.describe('What it is measured against, relative to the library'),
    referenceVideoId: z
      .uuid()
      .optional()
      .describe('A video of the library; names the reference instead of referencePath'),
    minSsim: z.number().min(0).max(1).optional().describe('Least mean SSIM, 0 to 1 (the same)'),
    minPsnr: z.number().min(0).max(100).optional().describe('Least mean PSNR in dB; 100 stands for the same'),
    everySeconds: z
      .number()
      .min(0.04)
      .max(600)
      .optional()
      .describe('Compare one frame in this time; left out, all of them'),
  }),
  result: z.object({
    frames: z.number().int().describe('Pairs of frames that were compared'),
    comparedSeconds: z.number(),
    ssim: figures,
    psnr: figures.describe('In dB, up to 100'),
    vmaf: figures.nullable().describe('Null where the ffmpeg of the worker has no libvmaf'),
  }),
});
