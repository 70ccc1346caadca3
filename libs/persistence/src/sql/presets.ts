import type { PresetSettings } from '@reelay/contracts';
import type { EntityManager } from 'typeorm';
import type { SqlRunner } from './statement.js';

/** One version of a preset that somebody made. */
export interface PresetRecord {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly settings: PresetSettings;
  readonly createdAt: Date;
}

/** What a new version is made of. */
export type NewPreset = Pick<PresetRecord, 'name' | 'description' | 'settings'>;

const COLUMNS = 'name, version, description, settings, created_at AS "createdAt"';

/** The newest version of each preset that can be used. */
export const listPresets = (runner: SqlRunner): Promise<PresetRecord[]> =>
  runner.query<PresetRecord[]>(
    `SELECT DISTINCT ON (name) ${COLUMNS} FROM presets WHERE deleted_at IS NULL ORDER BY name, version DESC`,
  );

/**
 * A preset that can be used; null when there is none.
 * @param version null for the newest
 */
export async function findPreset(
  runner: SqlRunner,
  name: string,
  version: number | null,
): Promise<PresetRecord | null> {
  const [preset] = await runner.query<PresetRecord[]>(
    `SELECT ${COLUMNS} FROM presets
      WHERE name = $1 AND deleted_at IS NULL AND ($2::integer IS NULL OR version = $2)
      ORDER BY version DESC LIMIT 1`,
    [name, version],
  );
  return preset ?? null;
}

/** Every version that there ever was, newest first, also those of a preset that was deleted: jobs refer to them. */
export const listPresetVersions = (runner: SqlRunner, name: string): Promise<PresetRecord[]> =>
  runner.query<PresetRecord[]>(`SELECT ${COLUMNS} FROM presets WHERE name = $1 ORDER BY version DESC`, [name]);

/**
 * Adds the next version; numbers of deleted presets are not used again. Settings and description that are the newest
 * version's own make no new one.
 * @param manager of a transaction
 * @param expected whether there must be such a preset already, or must not
 * @returns null when that is not so
 */
export async function addPresetVersion(
  manager: EntityManager,
  { name, description, settings }: NewPreset,
  expected: 'new' | 'known',
): Promise<PresetRecord | null> {
  // Whoever changes the same preset waits here, and reads what the other one made of it.
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`preset ${name}`]);
  const current = await findPreset(manager, name, null);
  if ((current === null) !== (expected === 'new')) return null;
  const [added] = await manager.query<PresetRecord[]>(
    `INSERT INTO presets (name, version, description, settings)
     SELECT $1, coalesce(max(version), 0) + 1, $2, $3::jsonb FROM presets WHERE name = $1
     HAVING NOT coalesce(bool_or(version = $4 AND description = $2 AND settings = $3::jsonb), false)
     RETURNING ${COLUMNS}`,
    [name, description, JSON.stringify(settings), current?.version ?? 0],
  );
  return added ?? current;
}

/** Makes a preset unusable for new jobs; false when there is none. */
export async function deletePreset(runner: SqlRunner, name: string): Promise<boolean> {
  const deleted = await runner.query<unknown[]>(
    `WITH deleted AS (UPDATE presets SET deleted_at = now() WHERE name = $1 AND deleted_at IS NULL RETURNING 1)
     SELECT * FROM deleted`,
    [name],
  );
  return deleted.length > 0;
}
