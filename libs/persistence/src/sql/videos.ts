import type { MediaInfo, VideoChange } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';
import { videoSteps, type VideoFields, type VideoMove } from './video-steps.js';

/** A change to the library's records, with the job that reports it. */
export interface ReportedVideoChange {
  readonly jobId: string;
  readonly change: VideoChange;
}

/**
 * Applies what finished jobs learned of videos, as if in the order in which it was reported. A path that is new gets
 * a row; fields that were not reported stay as they are. A few statements, however many changes there are. Run it in
 * a transaction.
 */
export async function applyVideoChanges(runner: SqlRunner, reported: readonly ReportedVideoChange[]): Promise<void> {
  for (const { moves, fields } of videoSteps(reported)) {
    if (moves.length > 0) await moveVideos(runner, moves);
    if (fields.length > 0) await upsertVideos(runner, fields);
    if (fields.some(({ derivedFrom }) => derivedFrom !== undefined)) await linkSources(runner, fields);
  }
}

/**
 * Gives rows their new path. A row that has that path already is of the same file, found there meanwhile: the moved
 * row stays, since its id is known to others, takes what only that one knows, and the copies made from that one.
 */
async function moveVideos(runner: SqlRunner, moves: readonly VideoMove[]): Promise<void> {
  const list = [JSON.stringify(moves)];
  await runner.query(
    `UPDATE videos c SET source_video_id = kept.id
       FROM jsonb_to_recordset($1::jsonb) AS m("from" text, "to" text)
       JOIN videos kept ON kept.path = m."from" JOIN videos twin ON twin.path = m."to"
      WHERE c.source_video_id = twin.id AND c.id <> kept.id`,
    list,
  );
  await runner.query(
    `WITH m AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS m("from" text, "to" text)
     ), twin AS (
       DELETE FROM videos d USING m WHERE d.path = m."to" AND EXISTS (SELECT FROM videos k WHERE k.path = m."from")
       RETURNING d.*
     )
     UPDATE videos v
        SET path = m."to", updated_at = now(),
            container = coalesce(v.container, d.container), video_codec = coalesce(v.video_codec, d.video_codec),
            audio_codec = coalesce(v.audio_codec, d.audio_codec), width = coalesce(v.width, d.width),
            height = coalesce(v.height, d.height), fps = coalesce(v.fps, d.fps),
            display_aspect_ratio = coalesce(v.display_aspect_ratio, d.display_aspect_ratio),
            duration_seconds = coalesce(v.duration_seconds, d.duration_seconds),
            size_bytes = coalesce(v.size_bytes, d.size_bytes), bitrate_kbps = coalesce(v.bitrate_kbps, d.bitrate_kbps),
            rotation = coalesce(v.rotation, d.rotation), valid = coalesce(v.valid, d.valid),
            invalid_reason = CASE WHEN v.valid IS NULL THEN d.invalid_reason ELSE v.invalid_reason END,
            thumbnail_path = coalesce(v.thumbnail_path, d.thumbnail_path),
            sprite_path = coalesce(v.sprite_path, d.sprite_path), preview_path = coalesce(v.preview_path, d.preview_path),
            reencode_job_id = coalesce(v.reencode_job_id, d.reencode_job_id),
            source_video_id = coalesce(v.source_video_id, nullif(d.source_video_id, v.id)),
            probed_at = coalesce(v.probed_at, d.probed_at), media = coalesce(v.media, d.media),
            scenes = coalesce(v.scenes, d.scenes), tags = coalesce(v.tags, d.tags),
            tag_names = coalesce(v.tag_names, d.tag_names), modified_at = coalesce(d.modified_at, v.modified_at),
            fingerprint = coalesce(d.fingerprint, v.fingerprint), missing_since = NULL
       FROM m LEFT JOIN twin d ON d.path = m."to"
      WHERE v.path = m."from"`,
    list,
  );
}

/** Rows are written in the order of their paths, so that two batches never wait for each other. */
async function upsertVideos(runner: SqlRunner, fields: readonly VideoFields[]): Promise<void> {
  await runner.query(
    `WITH n AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
         path text, media jsonb, valid boolean, "invalidReason" text, "thumbnailPath" text, "reencodeJobId" uuid,
         scenes jsonb, tags jsonb, "sizeBytes" bigint, "modifiedAt" timestamptz, fingerprint text, missing boolean,
         "spritePath" text, "previewPath" text)
     )
     INSERT INTO videos AS v (path, container, video_codec, audio_codec, width, height, display_aspect_ratio, fps,
                              duration_seconds, size_bytes, bitrate_kbps, rotation, valid, invalid_reason,
                              thumbnail_path, reencode_job_id, probed_at, media, scenes, tags, tag_names, modified_at,
                              fingerprint, missing_since, sprite_path, preview_path)
     SELECT path, media->>'container', media#>>'{video,codec}', media#>>'{audio,codec}',
            (media#>>'{video,width}')::integer, (media#>>'{video,height}')::integer,
            media#>>'{video,displayAspectRatio}', (media#>>'{video,fps}')::float8,
            (media->>'durationSeconds')::float8, coalesce((media->>'sizeBytes')::bigint, "sizeBytes"), (media->>'bitrateKbps')::float8,
            (media#>>'{video,rotation}')::smallint, valid, "invalidReason", "thumbnailPath", "reencodeJobId",
            CASE WHEN media IS NOT NULL THEN now() END, media, scenes, tags,
            CASE WHEN tags IS NOT NULL THEN
              ARRAY(SELECT DISTINCT item->>'tag' FROM jsonb_array_elements(tags->'items') AS item) END,
            "modifiedAt", fingerprint, CASE WHEN missing THEN now() END, "spritePath", "previewPath"
       FROM n ORDER BY path
     ON CONFLICT (path) DO UPDATE SET
       (container, video_codec, audio_codec, width, height, display_aspect_ratio, fps, duration_seconds, size_bytes,
        bitrate_kbps, rotation)
         = (SELECT p.container, p.video_codec, p.audio_codec, p.width, p.height, p.display_aspect_ratio, p.fps,
                   p.duration_seconds, coalesce(excluded.size_bytes, p.size_bytes), p.bitrate_kbps, p.rotation
              FROM (SELECT (CASE WHEN excluded.probed_at IS NULL THEN v ELSE excluded END).*) AS p),
       valid = coalesce(excluded.valid, v.valid),
       invalid_reason = CASE WHEN excluded.valid IS NULL THEN v.invalid_reason ELSE excluded.invalid_reason END,
       thumbnail_path = coalesce(excluded.thumbnail_path, v.thumbnail_path),
       sprite_path = coalesce(excluded.sprite_path, v.sprite_path),
       preview_path = coalesce(excluded.preview_path, v.preview_path),
       reencode_job_id = coalesce(excluded.reencode_job_id, v.reencode_job_id),
       probed_at = coalesce(excluded.probed_at, v.probed_at),
       media = coalesce(excluded.media, v.media), scenes = coalesce(excluded.scenes, v.scenes),
       tags = coalesce(excluded.tags, v.tags), tag_names = coalesce(excluded.tag_names, v.tag_names),
       modified_at = coalesce(excluded.modified_at, v.modified_at),
       fingerprint = coalesce(excluded.fingerprint, v.fingerprint),
       missing_since = CASE WHEN excluded.missing_since IS NULL THEN NULL
                            ELSE coalesce(v.missing_since, excluded.missing_since) END,
       updated_at = now()`,
    [JSON.stringify(fields)],
  );
}

/** After the rows are there: a video and what it was made from may come in one batch. */
async function linkSources(runner: SqlRunner, fields: readonly VideoFields[]): Promise<void> {
  await runner.query(
    `UPDATE videos v SET source_video_id = s.id
       FROM jsonb_to_recordset($1::jsonb) AS n(path text, "derivedFrom" text)
       JOIN videos s ON s.path = n."derivedFrom"
      WHERE v.path = n.path`,
    [JSON.stringify(fields)],
  );
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
