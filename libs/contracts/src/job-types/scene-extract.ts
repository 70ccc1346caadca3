import { z } from 'zod';
import { videoScene } from '../media-info.js';
import { sceneCuts } from './analysis-fields.js';
import { defineJobType } from './define-job-type.js';
import { mediaInput, videoResult } from './fields.js';

/** Where a video's scenes begin and end. */
export const sceneExtract = defineJobType('scene_extract', {
  category: 'gpu_ai',
  vramMb: 8000,
  label: 'Extract scenes',
  shortDescription: 'Finds the cuts of a video, with a picture of each scene',
  description:
    'Decodes the video once, scaled down, finds its hard cuts, takes a picture from the middle of each scene into a ' +
    "folder of thumbnails/, and notes the scenes on the video's record, in place of those of before. Scenes shorter " +
    'than minSceneSeconds belong to their neighbour; beyond maxScenes only the sharpest cuts count. With clips, each ' +
    'scene is cut out into clips/, as trim does it. It needs no GPU.',
  parameters: z.strictObject({
    ...mediaInput,
    ...sceneCuts,
    minSceneSeconds: z.number().min(0.1).max(600).default(1).describe('Shorter scenes belong to their neighbour'),
    maxScenes: z.int().min(1).max(1000).default(200).describe('The most scenes; beyond it the sharpest cuts count'),
    imageWidth: z
      .int()
      .min(16)
      .max(3840)
      .default(640)
      .describe('Width of the pictures in pixels; never larger than the video'),
    clips: z.boolean().default(false).describe('Cut each scene out as well'),
    accurate: z.boolean().default(false).describe('Cut exactly at the cuts, not at key pictures'),
  }),
  result: z.object({
    scenes: z.array(
      videoScene.extend({ clipPath: z.string().nullable().describe('The scene alone; null where none was asked for') }),
    ),
    imageFolder: z.string(),
    ...videoResult,
  }),
});
