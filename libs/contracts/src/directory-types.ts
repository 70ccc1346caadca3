/** The folders of the library, by what they hold. */
export const DIRECTORY_TYPES = [
  'inbox',
  'videos',
  'playback',
  'thumbnails',
  'compilations',
  'clips',
  'public',
  'packages',
] as const;
export type DirectoryType = (typeof DIRECTORY_TYPES)[number];
