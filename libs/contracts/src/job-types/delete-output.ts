import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { libraryPath } from './fields.js';

/** Removes what jobs made on the way. */
export const deleteOutput = defineJobType('delete_output', {
  category: 'cpu',
  vramMb: 0,
  label: 'Delete outputs',
  shortDescription: 'Removes files and folders of work/ that are no longer needed',
  description:
    'Removes files and folders that jobs of a workflow handed to each other. Only what is below work/ is removed, unless confirm ' +
    'names the very paths beyond it. A video of the library that has a record is never removed, nor a folder that holds one, ' +
    'nor one of the folders that the library consists of. What is gone already is no fault.',
  parameters: z
    .strictObject({
      paths: z.array(libraryPath).min(1).max(1000).describe('Files and folders, relative to the library'),
      confirm: z
        .array(libraryPath)
        .max(1000)
        .default([])
        .describe('Those of the paths that are not below work/, once more: they are really meant'),
    })
    .refine(({ paths }) => paths.every((path) => path.includes('/')), {
      path: ['paths'],
      error: 'must not be folders that the library consists of',
    }),
  result: z.object({
    removed: z.array(z.object({ path: z.string(), files: z.int(), sizeBytes: z.int() })),
    gone: z.array(z.string()).describe('Those of the paths that were not there'),
    sizeBytes: z.int().describe('Of all that was removed; what has other names still takes its room'),
  }),
});
