import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Retries with a fresh budget, pauses, writes that may be sent again, devices, settings. */
export class Lifecycle1763773200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD retry_base smallint NOT NULL DEFAULT 0');
    await runner.query(`ALTER TABLE attempts
      ADD paused boolean NOT NULL DEFAULT false,
      ADD target text,
      ADD host text,
      ADD device text,
      ADD vram_mb integer NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE workers
      ADD devices jsonb NOT NULL DEFAULT '[]',
      ADD paused boolean NOT NULL DEFAULT false`);
    await runner.query(`CREATE TABLE settings (
      id boolean NOT NULL DEFAULT true,
      value jsonb NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT settings_pkey PRIMARY KEY (id),
      CONSTRAINT settings_single CHECK (id)
    )`);
    await runner.query(`CREATE TABLE paused_job_types (
      name text NOT NULL,
      paused_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT paused_job_types_pkey PRIMARY KEY (name)
    )`);
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
    await runner.query('DROP TABLE paused_job_types');
    await runner.query('DROP TABLE settings');
    await runner.query('ALTER TABLE workers DROP devices, DROP paused');
    await runner.query('ALTER TABLE attempts DROP paused, DROP target, DROP host, DROP device, DROP vram_mb');
    await runner.query('ALTER TABLE jobs DROP retry_base');
  }
}
