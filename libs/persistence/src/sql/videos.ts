import type { MediaInfo, VideoChange } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

/** A change to the library's records, with the job that reports it. */
export interface ReportedVideoChange {
  readonly jobId: string;
  readonly change: VideoChange;
}

/**
 * Applies what finished jobs learned of videos, in the order in which it was reported. A path that
 * is new gets a row; fields that were not reported stay as they are.
 */
export async function applyVideoChanges(runner: SqlRunner, reported: readonly ReportedVideoChange[]): Promise<void> {
  for (const { jobId, change } of reported) {
    const { media } = change;
    await runner.query(
      `INSERT INTO videos AS v (path, container, video_codec, audio_codec, width, height, display_aspect_ratio, fps,
                                duration_seconds, size_bytes, bitrate_kbps, rotation, valid, invalid_reason,
                                thumbnail_path, reencode_job_id, source_video_id, probed_at, media)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
               (SELECT id FROM videos WHERE path = $17), CASE WHEN $18 THEN now() END, $19::jsonb)
       ON CONFLICT (path) DO UPDATE SET
         container = CASE WHEN $18 THEN excluded.container ELSE v.container END,
         video_codec = CASE WHEN $18 THEN excluded.video_codec ELSE v.video_codec END,
         audio_codec = CASE WHEN $18 THEN excluded.audio_codec ELSE v.audio_codec END,
         width = CASE WHEN $18 THEN excluded.width ELSE v.width END,
         height = CASE WHEN $18 THEN excluded.height ELSE v.height END,
         display_aspect_ratio = CASE WHEN $18 THEN excluded.display_aspect_ratio ELSE v.display_aspect_ratio END,
         fps = CASE WHEN $18 THEN excluded.fps ELSE v.fps END,
         duration_seconds = CASE WHEN $18 THEN excluded.duration_seconds ELSE v.duration_seconds END,
         size_bytes = CASE WHEN $18 THEN excluded.size_bytes ELSE v.size_bytes END,
         bitrate_kbps = CASE WHEN $18 THEN excluded.bitrate_kbps ELSE v.bitrate_kbps END,
         rotation = CASE WHEN $18 THEN excluded.rotation ELSE v.rotation END,
         valid = coalesce(excluded.valid, v.valid),
         invalid_reason = CASE WHEN excluded.valid IS NULL THEN v.invalid_reason ELSE excluded.invalid_reason END,
         thumbnail_path = coalesce(excluded.thumbnail_path, v.thumbnail_path),
         reencode_job_id = coalesce(excluded.reencode_job_id, v.reencode_job_id),
         source_video_id = coalesce(excluded.source_video_id, v.source_video_id),
         probed_at = coalesce(excluded.probed_at, v.probed_at),
         media = coalesce(excluded.media, v.media), updated_at = now()`,
      [
        change.path,
        media?.container,
        media?.video?.codec,
        media?.audio?.codec,
        media?.video?.width,
        media?.video?.height,
        media?.video?.displayAspectRatio,
        media?.video?.fps,
        media?.durationSeconds,
        media?.sizeBytes,
        media?.bitrateKbps,
        media?.video?.rotation,
        change.valid,
        change.invalidReason,
        change.thumbnailPath,
        change.reencoded ? jobId : null,
        change.derivedFrom,
        media !== undefined,
        media && JSON.stringify(media),
      ],
    );
  }
}

/** The path of a video, or null when there is none with this id. */
export async function findVideoPath(runner: SqlRunner, videoId: string): Promise<string | null> {
  const [row] = await runner.query<{ path: string }[]>('SELECT path FROM videos WHERE id = $1', [videoId]);
  return row?.path ?? null;
}

/** A video by its id or path, with what the last probe learned of it; null when there is none. */
export async function findVideoMedia(
  runner: SqlRunner,
  { videoId, path }: { videoId?: string | undefined; path?: string | undefined },
): Promise<{ path: string; media: MediaInfo | null } | null> {
  const [row] = await runner.query<{ path: string; media: MediaInfo | null }[]>(
    'SELECT path, media FROM videos WHERE id = $1 OR path = $2',
    [videoId ?? null, path ?? null],
  );
  return row ?? null;
}
