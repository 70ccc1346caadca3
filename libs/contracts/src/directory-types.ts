/** The folders of the library, by what they hold; `work` is for what jobs of one workflow hand to each other. */
export const DIRECTORY_TYPES = [
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
export type DirectoryType = (typeof DIRECTORY_TYPES)[number];
