import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a person may do to a job: retry it with a fresh budget, pause it while it runs. */
export class Lifecycle1763773200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD retry_base smallint NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE attempts ADD paused boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP paused');
    await runner.query('ALTER TABLE jobs DROP retry_base');
  }
}
