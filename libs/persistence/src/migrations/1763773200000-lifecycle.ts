import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Retries with a fresh budget, pauses of what runs, and writes that may be sent again. */
export class Lifecycle1763773200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD retry_base smallint NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE attempts ADD paused boolean NOT NULL DEFAULT false');
    await runner.query(`CREATE TABLE idempotency_keys (
      key text NOT NULL,
      body_hash text NOT NULL,
      answer jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key)
    )`);
    await runner.query('CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_keys');
    await runner.query('ALTER TABLE attempts DROP paused');
    await runner.query('ALTER TABLE jobs DROP retry_base');
  }
}
