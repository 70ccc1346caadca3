import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What scans and analyses learn of videos, and the indexes that they are chosen by. */
const UP = [
  `ALTER TABLE videos ADD scenes jsonb, ADD tags jsonb, ADD tag_names text[], ADD modified_at timestamptz,
     ADD fingerprint text, ADD missing_since timestamptz`,
  `CREATE INDEX videos_tags ON videos USING gin (tag_names)`,
  `CREATE INDEX videos_fingerprint ON videos (fingerprint) WHERE fingerprint IS NOT NULL`,
  // A scan walks a folder and its records side by side, both in the order of their bytes.
  `CREATE INDEX videos_path_bytes ON videos (path COLLATE "C")`,
];

const DOWN = [
  `DROP INDEX videos_path_bytes, videos_fingerprint, videos_tags`,
  `ALTER TABLE videos DROP scenes, DROP tags, DROP tag_names, DROP modified_at, DROP fingerprint, DROP missing_since`,
];

/** What is known of a video's content and of its file. */
export class Analysis1763791200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
