import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { defaultDataDir } from '../../tools/lib/paths.mjs';
import { startPostgres } from '../../tools/lib/postgres.mjs';
import { prepare } from '../../tools/lib/prepare.mjs';
import { toStderr } from '../../tools/lib/progress.mjs';
import { startRabbitmq } from '../../tools/lib/rabbitmq.mjs';
import { createTemplateDatabase } from './database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's own database; each test file gets one of its own. */
    postgresUrl: string;
    amqpUrl: string;
    managementUrl: string;
  }
}

/** Variables by which a run of tests lends its servers to its next project, and to runs that it starts itself. */
const LENT = {
  postgresUrl: 'TEST_POSTGRES_URL',
  amqpUrl: 'TEST_AMQP_URL',
  managementUrl: 'TEST_MANAGEMENT_URL',
} as const;

/**
 * Starts one PostgreSQL and one RabbitMQ for all tests of real processes: the first project that needs them does, and
 * lends them to the next. They end with this process, however it ends.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  if (process.env[LENT.postgresUrl] !== undefined) {
    for (const [key, name] of Object.entries(LENT)) {
      project.provide(key as keyof typeof LENT, process.env[name] ?? '');
    }
    return () => Promise.resolve();
  }
  await prepare({ progress: toStderr });
  const dir = join(defaultDataDir, 'test');
  mkdirSync(dir, { recursive: true });
  const [postgres, rabbitmq] = await Promise.all([
    // Nothing here outlives a crash of the machine.
    startPostgres({ dir: join(dir, 'postgres'), log: join(dir, 'postgres.log'), settings: { fsync: 'off' } }),
    startRabbitmq({ dir: join(dir, 'rabbitmq'), log: join(dir, 'rabbitmq.log') }),
  ]);
  await createTemplateDatabase(postgres.url);
  const urls = { postgresUrl: postgres.url, amqpUrl: rabbitmq.url, managementUrl: rabbitmq.managementUrl };
  for (const [key, name] of Object.entries(LENT)) {
    const url = urls[key as keyof typeof LENT];
    project.provide(key as keyof typeof LENT, url);
    process.env[name] = url;
  }
  return async () => {
    await Promise.all([rabbitmq.stop(), postgres.stop()]);
  };
}
