import type { KnownFile } from '@reelay/contracts';
import type { SqlRunner } from './statement.js';

interface FileRow {
  readonly path: string;
  readonly size: number | null;
  readonly modified: Date | null;
  readonly fingerprint: string | null;
  readonly missing: boolean;
  readonly inspected: boolean;
}

const COLUMNS = `v.path, v.size_bytes::float8 AS size, v.modified_at AS modified, v.fingerprint,
  v.missing_since IS NOT NULL AS missing, (v.probed_at IS NOT NULL OR v.valid IS FALSE) AS inspected`;

const toKnownFile = ({ size, modified, ...row }: FileRow): KnownFile => ({
  ...row,
  size_bytes: size,
  modified_at: modified?.toISOString() ?? null,
});

/**
 * What is on record of the files below a folder, those that are missing included, in the order of the bytes of their
 * paths.
 * @param after only paths that come after this one; empty for the first page
 */
export async function listKnownFiles(
  runner: SqlRunner,
  folder: string,
  after: string,
  limit: number,
): Promise<KnownFile[]> {
  // Between "folder/" and "folder0", the sign that comes after "/".
  const rows = await runner.query<FileRow[]>(
    `SELECT ${COLUMNS} FROM videos v
      WHERE v.path COLLATE "C" > $1 AND v.path COLLATE "C" < $2
      ORDER BY v.path COLLATE "C" LIMIT $3`,
    [after === '' ? `${folder}/` : after, `${folder}0`, limit],
  );
  return rows.map(toKnownFile);
}

/** Most records of one fingerprint that are looked at: copies of one file may be many. */
const TWINS_MAX = 20;

/** Files with these fingerprints; of each, those that are missing come first. */
export async function findTwins(runner: SqlRunner, fingerprints: readonly string[]): Promise<KnownFile[]> {
  const rows = await runner.query<FileRow[]>(
    `SELECT t.* FROM unnest($1::text[]) AS f(fingerprint) CROSS JOIN LATERAL (
       SELECT ${COLUMNS} FROM videos v WHERE v.fingerprint = f.fingerprint
        ORDER BY v.missing_since IS NULL, v.path LIMIT ${String(TWINS_MAX)}) AS t`,
    [[...new Set(fingerprints)]],
  );
  return rows.map(toKnownFile);
}

/**
 * The job of an attempt that is still this worker's; else null. Inside a transaction it stays so until the end.
 */
export async function lockOpenAttempt(
  runner: SqlRunner,
  attemptId: number,
  instanceId: string,
): Promise<string | null> {
  const [row] = await runner.query<{ jobId: string }[]>(
    `SELECT a.job_id AS "jobId" FROM attempts a
      WHERE a.id = $1 AND a.status IN ('out', 'running') AND (a.instance_id IS NULL OR a.instance_id = $2)
        FOR SHARE`,
    [attemptId, instanceId],
  );
  return row?.jobId ?? null;
}
