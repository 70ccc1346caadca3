import { z } from 'zod';
import { directoryTypeName } from '../directory-types.js';

/** A folder of the library. */
export const directoryTypeView = z.object({
  type: directoryTypeName,
  builtIn: z.boolean().describe('False for one of the setting library.directoryTypes'),
  videos: z.int().nonnegative().describe('Videos on record in it whose files are not missing'),
});
export type DirectoryTypeView = z.infer<typeof directoryTypeView>;

/** Answer of `GET /api/media/directory-types`. */
export const directoryTypeList = z.object({ data: z.array(directoryTypeView) });
