import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { libraryPath, mediaInput, videoResult } from './fields.js';

/** Copies a file or a folder of the library to another place of it. */
export const uploadCopy = defineJobType('upload_copy', {
  category: 'cpu',
  vramMb: 0,
  label: 'Upload copy',
  shortDescription: 'Copies a file, or a folder with all that is in it, to another place',
  description:
    'Gives each file a second name within one file system, or copies and compares it across two. It never ' +
    'overwrites: a place that is taken fails the job with OUTPUT_EXISTS. Of a folder, hidden files stay behind, and ' +
    'links are refused. A video that is copied gets a record of its own.',
  parameters: z.strictObject({
    videoId: mediaInput.videoId,
    inputPath: libraryPath.describe('A file or folder, relative to the library'),
    to: libraryPath.describe('Where the copy goes, relative to the library'),
  }),
  result: z.object({
    outputPath: z.string(),
    mode: z.enum(['link', 'copy']).describe('Whether all files have second names, or some were copied'),
    files: z.int().describe('How many files were copied'),
    sizeBytes: z.int().describe('Of all of them'),
    ...videoResult,
  }),
});
