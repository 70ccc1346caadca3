import { z } from 'zod';

/**
 * The folders that every library has, by what they hold; `work` is for what jobs of one workflow hand to each other.
 * Further ones are a setting: `library.directoryTypes`.
 */
export const BUILT_IN_DIRECTORY_TYPES = [
  'inbox',
  'videos',
  'playback',
  'thumbnails',
  'compilations',
  'clips',
  'public',
  'packages',
  'work',
] as const;
export type BuiltInDirectoryType = (typeof BUILT_IN_DIRECTORY_TYPES)[number];

/** Whether every library has a folder of this name. */
export const isBuiltInDirectoryType = (name: string): name is BuiltInDirectoryType =>
  BUILT_IN_DIRECTORY_TYPES.some((builtIn) => builtIn === name);

/** One folder's name, which leads nowhere else, is never hidden and means the same on every file system. */
const DIRECTORY_TYPE_PATTERN = /^[a-z][a-z0-9_-]{0,62}$/;

/**
 * A folder of the library by its name, built in or set. Only the backend knows which names are set, and refuses others
 * when a job is submitted; a worker takes every name that fits.
 */
export const directoryTypeName = z
  .string()
  .regex(
    DIRECTORY_TYPE_PATTERN,
    'must be the name of a folder: a small letter, then at most 62 small letters, digits, _ and -',
  );

/** Describes a field that takes a directory type. @param meaning what the folder is to it */
export const describeDirectoryType = (meaning: string): string =>
  `${meaning} (${BUILT_IN_DIRECTORY_TYPES.join(', ')}, or one of the setting library.directoryTypes)`;

/** Folders that an operator adds; a library with more than this is a mistake. */
const MOST_DIRECTORY_TYPES = 100;

/** Further directory types, beside the built-in ones. */
export const furtherDirectoryTypes = z
  .array(directoryTypeName.refine((name) => !isBuiltInDirectoryType(name), 'is built in: every library has it'))
  .max(MOST_DIRECTORY_TYPES)
  .superRefine((names, context) => {
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) context.addIssue({ code: 'custom', path: [index], message: 'is there twice' });
    }
  });
