import type { PresetSettings, WorkflowTemplate } from '@reelay/contracts';
import type { EntityManager } from 'typeorm';
import type { SqlRunner } from './statement.js';

/** One version of what somebody made under a name. */
export type VersionedRecord<Content> = Content & {
  readonly name: string;
  /** From 1 on; never used again, even when what it belongs to is deleted. */
  readonly version: number;
  readonly createdAt: Date;
};

/** What is kept under names in versions that never change: whoever began with one keeps it. */
class VersionedRecords<Content extends object> {
  private readonly columns: string;

  /**
   * @param table with name, version, created_at and deleted_at beside the content
   * @param content the columns that make a version
   */
  constructor(
    private readonly table: string,
    private readonly content: readonly (keyof Content & string)[],
  ) {
    this.columns = ['name', 'version', ...content, 'created_at AS "createdAt"'].join(', ');
  }

  /** The newest version of each that can be used. */
  list(runner: SqlRunner): Promise<VersionedRecord<Content>[]> {
    return runner.query(
      `SELECT DISTINCT ON (name) ${this.columns} FROM ${this.table} WHERE deleted_at IS NULL ORDER BY name, version DESC`,
    );
  }

  /**
   * One that can be used; null when there is none.
   * @param version null for the newest
   */
  async find(runner: SqlRunner, name: string, version: number | null): Promise<VersionedRecord<Content> | null> {
    const [record] = await runner.query<VersionedRecord<Content>[]>(
      `SELECT ${this.columns} FROM ${this.table}
        WHERE name = $1 AND deleted_at IS NULL AND ($2::integer IS NULL OR version = $2)
        ORDER BY version DESC LIMIT 1`,
      [name, version],
    );
    return record ?? null;
  }

  /** Every version that there ever was, newest first, also of what was deleted: jobs refer to them. */
  versions(runner: SqlRunner, name: string): Promise<VersionedRecord<Content>[]> {
    return runner.query(`SELECT ${this.columns} FROM ${this.table} WHERE name = $1 ORDER BY version DESC`, [name]);
  }

  /** The numbers of the versions that can be used, newest first. */
  async usableVersions(runner: SqlRunner, name: string): Promise<number[]> {
    const rows = await runner.query<{ version: number }[]>(
      `SELECT version FROM ${this.table} WHERE name = $1 AND deleted_at IS NULL ORDER BY version DESC`,
      [name],
    );
    return rows.map(({ version }) => version);
  }

  /**
   * Adds the next version. A content that is the newest version's own makes no new one.
   * @param manager of a transaction
   * @param expected whether the name must be known already, or must not
   * @returns null when that is not so
   */
  async add(
    manager: EntityManager,
    name: string,
    content: Content,
    expected: 'new' | 'known',
  ): Promise<VersionedRecord<Content> | null> {
    // Whoever changes the same one waits here, and reads what the other made of it.
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${this.table} ${name}`]);
    const current = await this.find(manager, name, null);
    if ((current === null) !== (expected === 'new')) return null;
    const columns = this.content.join(', ');
    const [added] = await manager.query<VersionedRecord<Content>[]>(
      `WITH given AS (SELECT ${columns} FROM jsonb_populate_record(NULL::${this.table}, $2::jsonb))
       INSERT INTO ${this.table} (name, version, ${columns})
       SELECT $1, coalesce((SELECT max(version) FROM ${this.table} WHERE name = $1), 0) + 1, given.* FROM given
        WHERE NOT EXISTS (
                SELECT FROM ${this.table} newest WHERE name = $1 AND version = $3
                   AND (${this.content.map((column) => `newest.${column}`).join(', ')}) = (SELECT ${columns} FROM given))
       RETURNING ${this.columns}`,
      [name, JSON.stringify(content), current?.version ?? 0],
    );
    return added ?? current;
  }

  /** Makes it unusable from now on; false when there is none. */
  async delete(runner: SqlRunner, name: string): Promise<boolean> {
    const deleted = await runner.query<unknown[]>(
      `WITH deleted AS (
         UPDATE ${this.table} SET deleted_at = now() WHERE name = $1 AND deleted_at IS NULL RETURNING 1
       ) SELECT * FROM deleted`,
      [name],
    );
    return deleted.length > 0;
  }
}

/** What a version of a preset is made of. */
export interface PresetContent {
  readonly description: string;
  readonly settings: PresetSettings;
}

/** The presets that were made here. */
export const storedPresets = new VersionedRecords<PresetContent>('presets', ['description', 'settings']);

/** What a version of a workflow template is made of. */
export interface TemplateContent {
  readonly definition: WorkflowTemplate;
}

/** The workflow templates that were made here. */
export const storedTemplates = new VersionedRecords<TemplateContent>('workflow_templates', ['definition']);
