import { join } from 'node:path';
import { defaultDataDir, readJson, repoRoot } from './paths.mjs';
import { startPostgres } from './postgres.mjs';
import { silent } from './progress.mjs';
import { resolveRabbitmq } from './rabbitmq-programs.mjs';
import { startRabbitmq } from './rabbitmq.mjs';
import { isOwnServer, stackFiles } from './stack-files.mjs';

/** The servers' own graces, long enough to write what they hold in memory. */
const STOP_GRACE_MS = 20_000;

/**
 * What the apps connect to. `management` holds variables about RabbitMQ's management page as far as they are known.
 * `settle` makes queues that were just declared outlive a broker that is killed at once.
 * @typedef {{ amqpUrl: string, databaseUrl: string, management: Record<string, string>, settle: () => Promise<void> }} Servers
 *
 * @typedef {import('./stack-crew.mjs').Crew} Crew
 */

/**
 * Starts the database and the broker, except those that the environment names.
 * @param {Crew} crew
 * @param {string} dataDir
 * @param {import('./stack.mjs').StackOptions} options
 * @returns {Promise<Servers>}
 */
export async function startServers(crew, dataDir, { env, progress = silent, postgresSettings }) {
  const files = stackFiles(dataDir);
  const given = { ...process.env, ...env };
  const amqpUrl = unlessOurs(given.AMQP_URL, [files.rabbitmq, stackFiles(defaultDataDir).rabbitmq]);
  const databaseUrl = unlessOurs(given.DATABASE_URL, [files.postgres, stackFiles(defaultDataDir).postgres]);
  const work = /** @type {const} */ ([
    databaseUrl ?? progress.step('Starting PostgreSQL', () => addPostgres(crew, dataDir, postgresSettings)),
    amqpUrl
      ? { amqpUrl, management: knownManagement(given), settle: async () => {} }
      : progress.step('Starting RabbitMQ', () => addRabbitmq(crew, dataDir, progress)),
  ]);
  await Promise.allSettled(work);
  const [database, broker] = await Promise.all(work);
  return { databaseUrl: database, ...broker };
}

/** Who has sourced `.reelay/env` has our own servers' URLs in the environment, which must not keep us from starting them.
 * @param {string | undefined} url @param {string[]} dirs */
const unlessOurs = (url, dirs) => (url && !dirs.some((dir) => isOwnServer(url, dir)) ? url : undefined);

/** @param {NodeJS.ProcessEnv} env @returns {Record<string, string>} */
const knownManagement = (env) =>
  Object.fromEntries(
    ['RABBITMQ_MANAGEMENT_URL', 'RABBITMQ_MANAGEMENT_USER', 'RABBITMQ_MANAGEMENT_PASSWORD'].flatMap((name) => {
      const value = env[name];
      return value && env.RABBITMQ_MANAGEMENT_URL ? [[name, value]] : [];
    }),
  );

/** @param {Crew} crew @param {string} dataDir @param {Record<string, string> | undefined} settings */
async function addPostgres(crew, dataDir, settings) {
  const { postgres: dir, logs } = stackFiles(dataDir);
  const log = join(logs, 'postgres.log');
  /** @type {import('./postgres.mjs').Postgres | undefined} */
  let server;
  const start = async () => (server = await startPostgres({ dir, log, port: server?.port, settings }));
  await crew.add({ name: 'postgres', role: 'postgres', replica: 1, log, stopGraceMs: STOP_GRACE_MS, start });
  return /** @type {import('./postgres.mjs').Postgres} */ (server).url;
}

/** @param {Crew} crew @param {string} dataDir @param {import('./progress.mjs').Progress} progress */
async function addRabbitmq(crew, dataDir, progress) {
  const { rabbitmq: dir, logs } = stackFiles(dataDir);
  const log = join(logs, 'rabbitmq.log');
  const programs = await resolveRabbitmq({ progress });
  const definitions = readJson(join(repoRoot, 'rabbitmq', 'definitions.json')) ?? {};
  /** @type {import('./rabbitmq.mjs').Rabbitmq | undefined} */
  let server;
  const start = async () => (server = await startRabbitmq({ dir, log, definitions, programs, ports: server?.ports }));
  await crew.add({ name: 'rabbitmq', role: 'rabbitmq', replica: 1, log, stopGraceMs: STOP_GRACE_MS, start });
  const { url, managementUrl, user, password } = /** @type {import('./rabbitmq.mjs').Rabbitmq} */ (server);
  return {
    amqpUrl: url,
    settle: async () => server?.settle(),
    management: {
      RABBITMQ_MANAGEMENT_URL: managementUrl,
      RABBITMQ_MANAGEMENT_USER: user,
      RABBITMQ_MANAGEMENT_PASSWORD: password,
    },
  };
}
