import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes for the library's lists: one for each order, and the words of paths. */
const UP = [
  `CREATE FUNCTION path_words(path text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
     to_tsvector('simple'::regconfig, regexp_replace(path, '[^[:alnum:]]+', ' ', 'g'))`,
  `CREATE INDEX videos_words ON videos USING gin (path_words(path))`,
  `CREATE INDEX videos_duration ON videos (coalesce(duration_seconds, 0), id)`,
  `CREATE INDEX videos_size ON videos (coalesce(size_bytes, 0), id)`,
];

const DOWN = [`DROP INDEX videos_size, videos_duration, videos_words`, `DROP FUNCTION path_words`];

/** What the library's lists need. */
export class VideoLists1763784000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
