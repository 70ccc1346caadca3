import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a video's sprite sheets and its animated preview are. */
export class Previews1763787600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE videos ADD COLUMN sprite_path text, ADD COLUMN preview_path text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE videos DROP COLUMN sprite_path, DROP COLUMN preview_path');
  }
}
