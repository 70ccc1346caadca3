import type { WorkflowTemplate } from '@reelay/contracts';
import type { EntityManager } from 'typeorm';
import type { SqlRunner } from './statement.js';

/** One version of a template that somebody made. */
export interface TemplateRecord {
  readonly name: string;
  readonly version: number;
  readonly definition: WorkflowTemplate;
  readonly createdAt: Date;
}

const COLUMNS = 'name, version, definition, created_at AS "createdAt"';

/** The newest version of each template that can be used. */
export const listTemplates = (runner: SqlRunner): Promise<TemplateRecord[]> =>
  runner.query<TemplateRecord[]>(
    `SELECT DISTINCT ON (name) ${COLUMNS} FROM workflow_templates WHERE deleted_at IS NULL ORDER BY name, version DESC`,
  );

/**
 * A template that can be used; null when there is none.
 * @param version null for the newest
 */
export async function findTemplate(
  runner: SqlRunner,
  name: string,
  version: number | null,
): Promise<TemplateRecord | null> {
  const [template] = await runner.query<TemplateRecord[]>(
    `SELECT ${COLUMNS} FROM workflow_templates
      WHERE name = $1 AND deleted_at IS NULL AND ($2::integer IS NULL OR version = $2)
      ORDER BY version DESC LIMIT 1`,
    [name, version],
  );
  return template ?? null;
}

/** The numbers of the versions of a template that can be used, newest first. */
export async function templateVersions(runner: SqlRunner, name: string): Promise<number[]> {
  const rows = await runner.query<{ version: number }[]>(
    'SELECT version FROM workflow_templates WHERE name = $1 AND deleted_at IS NULL ORDER BY version DESC',
    [name],
  );
  return rows.map(({ version }) => version);
}

/**
 * Adds the next version; numbers of deleted templates are not used again. A definition that is the newest version's own
 * makes no new one.
 * @param manager of a transaction
 * @param expected whether there must be such a template already, or must not
 * @returns null when that is not so
 */
export async function addTemplateVersion(
  manager: EntityManager,
  definition: WorkflowTemplate,
  expected: 'new' | 'known',
): Promise<TemplateRecord | null> {
  const { name } = definition;
  // Whoever changes the same template waits here, and reads what the other one made of it.
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`workflow template ${name}`]);
  const current = await findTemplate(manager, name, null);
  if ((current === null) !== (expected === 'new')) return null;
  const [added] = await manager.query<TemplateRecord[]>(
    `INSERT INTO workflow_templates (name, version, definition)
     SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb FROM workflow_templates WHERE name = $1
     HAVING NOT coalesce(bool_or(version = $3 AND definition = $2::jsonb), false)
     RETURNING ${COLUMNS}`,
    [name, JSON.stringify(definition), current?.version ?? 0],
  );
  return added ?? current;
}

/** Makes a template unusable for new workflows; false when there is none. */
export async function deleteTemplate(runner: SqlRunner, name: string): Promise<boolean> {
  const deleted = await runner.query<unknown[]>(
    `WITH deleted AS (
       UPDATE workflow_templates SET deleted_at = now() WHERE name = $1 AND deleted_at IS NULL RETURNING 1
     ) SELECT * FROM deleted`,
    [name],
  );
  return deleted.length > 0;
}
