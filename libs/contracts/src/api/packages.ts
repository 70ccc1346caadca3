import { z } from 'zod';
import { libraryPath } from '../job-types/fields.js';
import { publishTo } from '../job-types/ladder-fields.js';

/** Long enough to watch a film; a link that gets lost is worth nothing soon. */
const DEFAULT_SECONDS = 6 * 60 * 60;
const MOST_SECONDS = 7 * 24 * 60 * 60;

/** Body of `POST /api/media/packages/links`. */
export const packageLinkBody = z.strictObject({
  path: libraryPath.and(publishTo).describe('The folder of a package, such as packages/film'),
  expiresInSeconds: z.int().min(1).max(MOST_SECONDS).default(DEFAULT_SECONDS),
});
export type PackageLinkBody = z.infer<typeof packageLinkBody>;

/** Answer of `POST /api/media/packages/links`. */
export const packageLink = z.object({
  hlsUrl: z.string().describe('Of the HLS master playlist, on this API; it needs no token beside it'),
  dashUrl: z.string().nullable().describe('Of the DASH manifest; null while the package is not complete'),
  expiresAt: z.iso.datetime(),
});
export type PackageLinkView = z.infer<typeof packageLink>;
