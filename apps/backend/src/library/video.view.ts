import { posix } from 'node:path';
import { DIRECTORY_TYPES, type DirectoryType, type VideoDetail, type VideoView } from '@reelay/contracts';
import type { VideoDetailRow, VideoRow } from '@reelay/persistence';

/** A video as the API shows it. */
export function toVideoView({ key: _key, ...row }: VideoRow): VideoView {
  return {
    ...row,
    filename: posix.basename(row.path),
    directoryType: directoryTypeOf(row.path),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    probedAt: row.probedAt?.toISOString() ?? null,
    missingSince: row.missingSince?.toISOString() ?? null,
  };
}

/** A video as the API shows it alone. */
export const toVideoDetail = (row: VideoDetailRow): VideoDetail => ({
  ...toVideoView(row),
  media: row.media,
  scenes: row.scenes,
  tagModel: row.tagModel,
  tags: row.tags,
});

/** The folder of the library that a path lies in; null when it lies in none that is known. */
function directoryTypeOf(path: string): DirectoryType | null {
  const [first, ...rest] = path.split('/');
  return rest.length === 0 ? null : (DIRECTORY_TYPES.find((name) => name === first) ?? null);
}
