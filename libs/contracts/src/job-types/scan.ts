import { z } from 'zod';
import { describeDirectoryType, directoryTypeName } from '../directory-types.js';
import { defineJobType } from './define-job-type.js';
import { libraryPath } from './fields.js';

/** Names of files that are taken for videos, by their ends. */
export const VIDEO_EXTENSIONS = [
  ...(['3g2', '3gp', 'asf', 'avi', 'divx', 'dv', 'f4v', 'flv', 'm2ts', 'm2v', 'm4v', 'mjpeg', 'mkv', 'mov'] as const),
  ...([
    'mp4',
    'mpe',
    'mpeg',
    'mpg',
    'mts',
    'mxf',
    'ogm',
    'ogv',
    'qt',
    'rm',
    'rmvb',
    'ts',
    'vob',
    'webm',
    'wmv',
  ] as const),
] as const;

const options = {
  recursive: z.boolean().default(true).describe('Look into the folders below as well'),
  skipExisting: z
    .boolean()
    .default(true)
    .describe('Probe only what is new or has changed; false probes every file again'),
  extensions: z
    .array(z.string().regex(/^[A-Za-z0-9]{1,10}$/, 'must be like mp4'))
    .min(1)
    .max(100)
    .optional()
    .describe('Which files are videos, by the ends of their names; left out, all usual ones'),
};

const count = z.int().nonnegative();
const result = z.object({
  folder: z.string(),
  found: count.describe('Files that are taken for videos'),
  added: count.describe('Those that were not known'),
  changed: count.describe('Those whose content changed'),
  moved: count.describe('Those that were known by another path'),
  missing: count.describe('Known ones that are gone, since this scan'),
  unchanged: count,
  unreadable: count.describe('Probed ones that are no readable video; their records say why'),
  skipped: count.describe(
    'Files that cannot be part of the library: names that are no text, links that lead out of it',
  ),
  probes: count,
});

const description =
  'Walks through a folder and brings the records of its videos up to date: new files are probed and recorded, files ' +
  'that changed are probed again, files that were moved or renamed are known again by their content and keep their ' +
  'records, and those that are gone are marked as missing. A file whose size and time did not change is not opened. ' +
  'Records are written as the scan goes on, so one that is stopped has done the part that it did. Hidden files and ' +
  'folders are passed over, and links to folders are not followed.';

/** Brings the records of a folder's videos up to date. */
export const scan = defineJobType('scan', {
  category: 'cpu',
  vramMb: 0,
  label: 'Scan',
  shortDescription: 'Finds new, changed, moved and vanished videos of a folder',
  description,
  parameters: z.strictObject({
    directoryType: directoryTypeName.default('videos').describe(describeDirectoryType('The folder of the library')),
    folder: libraryPath.optional().describe('A folder by its path instead, relative to the library'),
    ...options,
  }),
  result,
});

/** The same of the folder that the public sees. */
export const publicScan = defineJobType('public_scan', {
  category: 'cpu',
  vramMb: 0,
  label: 'Scan public gallery',
  shortDescription: 'Finds new, changed, moved and vanished videos of the public gallery',
  description: `Scans the folder public. ${description}`,
  parameters: z.strictObject(options),
  result,
});
