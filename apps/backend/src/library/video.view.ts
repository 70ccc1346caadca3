import { posix } from 'node:path';
import type { VideoDetail, VideoView } from '@reelay/contracts';
import type { VideoDetailRow, VideoRow } from '@reelay/persistence';

/** A video as the API shows it. @param directoryTypes those that are known */
export function toVideoView({ key: _key, ...row }: VideoRow, directoryTypes: readonly string[]): VideoView {
  return {
    ...row,
    filename: posix.basename(row.path),
    directoryType: directoryTypeOf(row.path, directoryTypes),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    probedAt: row.probedAt?.toISOString() ?? null,
    missingSince: row.missingSince?.toISOString() ?? null,
  };
}

/** A video as the API shows it alone. @param directoryTypes those that are known */
export const toVideoDetail = (row: VideoDetailRow, directoryTypes: readonly string[]): VideoDetail => ({
  ...toVideoView(row, directoryTypes),
  media: row.media,
  scenes: row.scenes,
  tagModel: row.tagModel,
  tags: row.tags,
});

/** The folder of the library that a path lies in; null when it lies in none that is known. */
function directoryTypeOf(path: string, directoryTypes: readonly string[]): string | null {
  const [first, ...rest] = path.split('/');
  return rest.length === 0 ? null : (directoryTypes.find((name) => name === first) ?? null);
}
