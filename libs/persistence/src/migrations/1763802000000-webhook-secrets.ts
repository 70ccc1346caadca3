import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The secret that a webhook had before: receivers that do not know the new one yet check by it. */
export class WebhookSecrets1763802000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhooks ADD previous_secret text, ADD previous_secret_until timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhooks DROP previous_secret, DROP previous_secret_until');
  }
}
