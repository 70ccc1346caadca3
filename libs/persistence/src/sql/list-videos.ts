import type { Orientation, VideoFilter, VideoDetail, VideoSort, VideoView } from '@reelay/contracts';
import { toTsquery } from './job-filter.js';
import type { SqlRunner } from './statement.js';

/** A video as the statement gives it; `key` is what the list is sorted by, as text. */
export type VideoRow = Omit<
  VideoView,
  'filename' | 'directoryType' | 'createdAt' | 'updatedAt' | 'probedAt' | 'missingSince'
> & {
  readonly key: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly probedAt: Date | null;
  readonly missingSince: Date | null;
};

/** A video with all that is known of it. */
export type VideoDetailRow = VideoRow & Pick<VideoDetail, 'media' | 'scenes' | 'tagModel' | 'tags'>;

/** What each order compares. Rows without a value count as 0, so that comparisons meet no null. */
const SORTS: Readonly<Record<string, { expression: string; type: string }>> = {
  createdAt: { expression: 'v.created_at', type: 'timestamptz' },
  path: { expression: 'v.path', type: 'text' },
  durationSeconds: { expression: 'coalesce(v.duration_seconds, 0)', type: 'double precision' },
  sizeBytes: { expression: 'coalesce(v.size_bytes, 0)', type: 'bigint' },
};

/** As it is shown: a picture that is turned by a quarter is as wide as it was high. */
const SHOWN_WIDTH = 'CASE WHEN v.rotation IN (90, 270) THEN v.height ELSE v.width END';
const SHOWN_HEIGHT = 'CASE WHEN v.rotation IN (90, 270) THEN v.width ELSE v.height END';
const ORIENTATION = `CASE WHEN v.width IS NULL THEN NULL WHEN ${SHOWN_WIDTH} > ${SHOWN_HEIGHT} THEN 'landscape'
  WHEN ${SHOWN_WIDTH} < ${SHOWN_HEIGHT} THEN 'portrait' ELSE 'square' END`;

const COLUMNS = `v.id, v.path, v.size_bytes::float8 AS "sizeBytes", v.container, v.video_codec AS "videoCodec",
  v.audio_codec AS "audioCodec", v.width, v.height, v.display_aspect_ratio AS "displayAspectRatio", v.rotation,
  ${ORIENTATION} AS orientation, v.fps, v.duration_seconds AS "durationSeconds", v.bitrate_kbps AS "bitrateKbps", v.valid,
  v.invalid_reason AS "invalidReason", v.thumbnail_path AS "thumbnailPath", v.reencode_job_id AS "reencodeJobId",
  v.source_video_id AS "sourceVideoId", v.created_at AS "createdAt", v.updated_at AS "updatedAt",
  v.probed_at AS "probedAt", v.missing_since AS "missingSince", v.fingerprint,
  v.sprite_path AS "spritePath", v.preview_path AS "previewPath",
  coalesce((SELECT jsonb_agg(jsonb_build_object('tag', item->'tag', 'confidence', item->'confidence'))
              FROM jsonb_array_elements(v.tags->'items') AS item), '[]') AS tags,
  jsonb_array_length(v.scenes) AS "sceneCount"`;

/** What only the view of one video has. */
const DETAILS = `v.media, coalesce(v.scenes, '[]') AS scenes, v.tags->>'model' AS "tagModel",
  coalesce(v.tags->'items', '[]') AS tags`;

interface Conditions {
  readonly texts: string[];
  readonly parameters: unknown[];
}

function conditionsOf(filter: VideoFilter): Conditions {
  const parameters: unknown[] = [];
  const texts: string[] = [];
  const where = (condition: (parameter: string) => string, value: unknown): void => {
    if (value !== undefined) texts.push(condition(`$${String(parameters.push(value))}`));
  };
  const words = filter.q === undefined ? undefined : toTsquery(filter.q);
  if (words === '') texts.push('false');
  else where((q) => `path_words(v.path) @@ to_tsquery('simple', ${q})`, words);
  where((names) => `split_part(v.path, '/', 1) = ANY (${names}::text[]) AND v.path LIKE '%/%'`, filter.directoryType);
  where((names) => `${ORIENTATION} = ANY (${names}::text[])`, filter.orientation satisfies Orientation[] | undefined);
  where((names) => `v.video_codec = ANY (${names}::text[])`, filter.videoCodec);
  where((valid) => `v.valid = ${valid}`, filter.valid);
  where((audio) => `(v.audio_codec IS NOT NULL) = ${audio}::boolean`, filter.audio);
  where((tags) => `v.tag_names && ${tags}::text[]`, filter.tag);
  where((missing) => `(v.missing_since IS NOT NULL) = ${missing}`, filter.missing);
  where((least) => `v.duration_seconds >= ${least}`, filter.minDuration);
  where((most) => `v.duration_seconds <= ${most}`, filter.maxDuration);
  return { texts, parameters };
}

const whereOf = (texts: readonly string[]): string => (texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`);

/** Videos that a filter chooses, in order. @param page.after the key and the id after which to begin */
export function listVideos(
  runner: SqlRunner,
  filter: VideoFilter,
  page: { sort: VideoSort; after?: { key: string; id: string } | undefined; offset: number; limit: number },
): Promise<VideoRow[]> {
  const { texts, parameters } = conditionsOf(filter);
  const descending = page.sort.startsWith('-');
  const by = SORTS[descending ? page.sort.slice(1) : page.sort];
  if (!by) throw new Error(`there is no order ${page.sort}`);
  if (page.after) {
    const [key, id] = [parameters.push(page.after.key), parameters.push(page.after.id)];
    texts.push(
      `(${by.expression}, v.id) ${descending ? '<' : '>'} ($${String(key)}::${by.type}, $${String(id)}::uuid)`,
    );
  }
  const direction = descending ? 'DESC' : 'ASC';
  return runner.query<VideoRow[]>(
    `SELECT ${COLUMNS}, (${by.expression})::text AS key FROM videos v ${whereOf(texts)}
      ORDER BY ${by.expression} ${direction}, v.id ${direction} LIMIT ${String(page.limit)} OFFSET ${String(page.offset)}`,
    parameters,
  );
}

/** How many videos a filter chooses. */
export async function countVideos(runner: SqlRunner, filter: VideoFilter): Promise<number> {
  const { texts, parameters } = conditionsOf(filter);
  const [row] = await runner.query<{ n: number }[]>(
    `SELECT count(*)::float8 AS n FROM videos v ${whereOf(texts)}`,
    parameters,
  );
  return row?.n ?? 0;
}

/** How many videos lie below each of these folders of the library, without those whose files are missing. */
export async function countVideosIn(runner: SqlRunner, folders: readonly string[]): Promise<Map<string, number>> {
  // Between "folder/" and "folder0", the sign that comes after "/".
  const rows = await runner.query<{ folder: string; n: number }[]>(
    `SELECT folder, (SELECT count(*)::float8 FROM videos v
              WHERE v.path COLLATE "C" > folder || '/' AND v.path COLLATE "C" < folder || '0'
                AND v.missing_since IS NULL) AS n
       FROM unnest($1::text[]) AS folder`,
    [folders],
  );
  return new Map(rows.map(({ folder, n }) => [folder, n]));
}

/** A video; null when there is none with this id. */
export async function readVideo(runner: SqlRunner, id: string): Promise<VideoDetailRow | null> {
  const [row] = await runner.query<VideoDetailRow[]>(
    `SELECT ${COLUMNS}, ${DETAILS}, '' AS key FROM videos v WHERE v.id = $1`,
    [id],
  );
  return row ?? null;
}

/**
 * Paths of readable videos that a filter chooses, picked at random and in random order. The same seed picks the same
 * ones of the same library.
 * @param seed 0 to 2^32-1
 */
export async function pickVideos(
  runner: SqlRunner,
  filter: Partial<VideoFilter>,
  seed: number,
  most: number,
): Promise<string[]> {
  const { texts, parameters } = conditionsOf({ ...filter, missing: false });
  const readable = ['v.valid IS NOT FALSE', 'v.video_codec IS NOT NULL', 'v.duration_seconds > 0'];
  const rows = await runner.query<{ path: string }[]>(
    `SELECT v.path FROM videos v ${whereOf([...texts, ...readable])}
      ORDER BY hashtextextended(v.path, $${String(parameters.push(seed))}::bigint), v.path LIMIT ${String(most)}`,
    parameters,
  );
  return rows.map(({ path }) => path);
}
