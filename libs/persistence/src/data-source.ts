import { DataSource, type DataSourceOptions } from 'typeorm';
import { BoundedClient } from './bounded-client.js';
import { AttemptEntity } from './entities/attempt.entity.js';
import { IdempotencyKeyEntity } from './entities/idempotency-key.entity.js';
import { JobLogLineEntity } from './entities/job-log-line.entity.js';
import { JobEntity } from './entities/job.entity.js';
import { PresetEntity } from './entities/preset.entity.js';
import { PausedJobTypeEntity, SettingsEntity } from './entities/settings.entity.js';
import { VideoEntity } from './entities/video.entity.js';
import { WebhookDeliveryEntity, WebhookEntity } from './entities/webhook.entity.js';
import { JobTypeEntity, WorkerEntity, WorkerJobTypeEntity } from './entities/worker.entity.js';
import { WorkflowEntity, WorkflowStepEntity, WorkflowTemplateEntity } from './entities/workflow.entity.js';
import { Initial1763769600000 } from './migrations/1763769600000-initial.js';
import { Lifecycle1763773200000 } from './migrations/1763773200000-lifecycle.js';
import { Scale1763776800000 } from './migrations/1763776800000-scale.js';
import { Presets1763780400000 } from './migrations/1763780400000-presets.js';
import { VideoLists1763784000000 } from './migrations/1763784000000-video-lists.js';
import { Previews1763787600000 } from './migrations/1763787600000-previews.js';
import { Analysis1763791200000 } from './migrations/1763791200000-analysis.js';
import { DirectoryTypes1763793000000 } from './migrations/1763793000000-directory-types.js';
import { Workflows1763794800000 } from './migrations/1763794800000-workflows.js';
import { Webhooks1763798400000 } from './migrations/1763798400000-webhooks.js';
import { WebhookSecrets1763802000000 } from './migrations/1763802000000-webhook-secrets.js';
import { SnakeCaseNaming } from './naming.js';

/** All entities, listed one by one: a glob would depend on how the code was built. */
export const entities = [
  JobEntity,
  AttemptEntity,
  JobLogLineEntity,
  WorkerEntity,
  WorkerJobTypeEntity,
  JobTypeEntity,
  VideoEntity,
  IdempotencyKeyEntity,
  SettingsEntity,
  PausedJobTypeEntity,
  PresetEntity,
  WebhookEntity,
  WebhookDeliveryEntity,
  WorkflowTemplateEntity,
  WorkflowEntity,
  WorkflowStepEntity,
];

/** All migrations, in their order. */
export const migrations = [
  Initial1763769600000,
  Lifecycle1763773200000,
  Scale1763776800000,
  Presets1763780400000,
  VideoLists1763784000000,
  Previews1763787600000,
  Analysis1763791200000,
  DirectoryTypes1763793000000,
  Workflows1763794800000,
  Webhooks1763798400000,
  WebhookSecrets1763802000000,
];

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;

/** No statement of ours takes nearly as long: a database that is silent for this long is away. */
const QUERY_TIMEOUT_MS = 10_000;

/** A client that vanished without a word leaves its transaction, and the locks in it, to the server for this long. */
const ABANDONED_TRANSACTION_MS = 15_000;

/** Settings of the store; the schema is only ever changed by migrations. */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    ...patientOptions(url),
    poolSize: POOL_SIZE,
    extra: {
      Client: BoundedClient,
      query_timeout: QUERY_TIMEOUT_MS,
      idle_in_transaction_session_timeout: ABANDONED_TRANSACTION_MS,
    },
  };
}

/** Settings of a store that waits for each answer as long as it takes, as migrations must. */
function patientOptions(url: string) {
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    namingStrategy: new SnakeCaseNaming(),
    synchronize: false,
    migrationsRun: false,
    // gen_random_uuid() is built in: no extension, and so no superuser, is needed.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName: 'reelay',
  } satisfies DataSourceOptions;
}

/** Any number that no other program uses for an advisory lock in this database. */
const MIGRATION_LOCK = 7_355_608_001;

/** Migrates the database behind a URL, on connections of its own. */
export async function migrateDatabase(url: string): Promise<void> {
  const dataSource = await new DataSource(patientOptions(url)).initialize();
  try {
    await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Brings the schema up to date. Several processes may call it at once: one migrates, the others wait.
 * TypeORM takes no lock of its own.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  // A session lock needs its own connection: the migrations run on another one of the pool.
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await holder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await holder.release();
  }
}
