import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The videos of a folder are counted from the index alone: with what is missing in it, no row is looked at. */
const UP = [
  `DROP INDEX videos_path_bytes`,
  `CREATE INDEX videos_path_bytes ON videos (path COLLATE "C") INCLUDE (missing_since)`,
];

const DOWN = [`DROP INDEX videos_path_bytes`, `CREATE INDEX videos_path_bytes ON videos (path COLLATE "C")`];

/** What the list of directory types needs. */
export class DirectoryTypes1763793000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
