import { z } from 'zod';
import { describeDirectoryType, directoryTypeName } from '../directory-types.js';
import { defineJobType } from './define-job-type.js';
import { hasControlCharacter, mediaInput, videoResult } from './fields.js';

/** Longest name of a file, in bytes, on the usual file systems. */
const NAME_MAX = 255;

const utf8 = new TextEncoder();

const fileName = z
  .string()
  .min(1)
  .refine((name) => utf8.encode(name).length <= NAME_MAX, `must not be longer than ${String(NAME_MAX)} bytes`)
  .regex(/^[^/\\:]+$/, 'must be a name without folders and colons')
  .refine((name) => !hasControlCharacter(name), 'must not contain control characters')
  .refine((name) => !name.startsWith('.'), 'must not begin with a dot');

/** Moves a file to one of the library's folders. */
export const moveToLibrary = defineJobType('move_to_library', {
  category: 'cpu',
  vramMb: 0,
  label: 'Move to library',
  shortDescription: 'Moves a file to a folder of the library, and its record with it',
  description:
    'Moves within one file system, or copies, compares and removes across two. It never overwrites: a name that was ' +
    'asked for and is taken fails the job with OUTPUT_EXISTS; without one, the name gets a number. The record of the ' +
    'video follows in the transaction that completes the job, and keeps its id.',
  parameters: z.strictObject({
    ...mediaInput,
    directoryType: directoryTypeName.describe(describeDirectoryType('The folder that it goes to')),
    name: fileName.optional().describe('What it is called there; left out, as before'),
  }),
  result: z.object({
    outputPath: z.string(),
    sizeBytes: z.number().int(),
    mode: z
      .enum(['move', 'copy', 'none'])
      .describe('How: within a file system, from one to another, or not at all since it is there'),
    ...videoResult,
  }),
});
