import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE presets (
     name text NOT NULL,
     version integer NOT NULL,
     description text NOT NULL DEFAULT '',
     settings jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     deleted_at timestamptz,
     CONSTRAINT presets_pkey PRIMARY KEY (name, version)
   )`,
  // All that the last probe learned: plans need more than what is listed and searched by.
  `ALTER TABLE videos ADD media jsonb`,
];

const DOWN = [`ALTER TABLE videos DROP media`, `DROP TABLE presets`];

/** Presets, and whole probes of videos. */
export class Presets1763780400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
