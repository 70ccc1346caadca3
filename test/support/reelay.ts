import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { removeStackData } from '../../tools/lib/stack-files.mjs';
import { startStack } from '../../tools/lib/stack.mjs';
import { Api } from './api.js';
import { createDatabase } from './database.js';
import { Vhost } from './vhost.js';

export interface ReelayOptions {
  readonly replicas?: Record<string, number>;
  readonly env?: Record<string, string>;
  /** Whether what dies is started again, as `npm run up` does. Default false: a test kills on purpose. */
  readonly restart?: boolean;
  /** A database and broker of its own, which may be killed. */
  readonly privateServers?: boolean;
}

type Stack = Awaited<ReturnType<typeof startStack>>;

/** A running Reelay: real processes on a real broker and database, with a library of its own. */
export interface Reelay {
  readonly api: Api;
  readonly stack: Stack;
  readonly mediaRoot: string;
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  /** Only on the shared broker. */
  readonly vhost: Vhost | null;
  /** Stops everything and removes its files; fails when a connection is left. */
  stop(): Promise<void>;
}

const NO_WORKERS = { 'worker-encode': 0, 'worker-library': 0 };

/** Starts a Reelay for one test file. Without `replicas` it has a backend and no workers. */
export async function startReelay(options: ReelayOptions = {}): Promise<Reelay> {
  const dataDir = await mkdtemp(join(tmpdir(), 'reelay-stack-'));
  const shared = options.privateServers ? null : await shareServers();
  const stack = await startStack({
    dataDir,
    mediaRoot: join(dataDir, 'media'),
    replicas: { ...NO_WORKERS, ...options.replicas },
    restart: options.restart ?? false,
    postgresSettings: { fsync: 'off' },
    env: {
      LOG_LEVEL: 'warn',
      AMQP_URL: shared?.vhost.amqpUrl ?? '',
      DATABASE_URL: shared?.database.url ?? '',
      ...options.env,
    },
  });
  return {
    api: new Api(stack.apiUrl, stack.token),
    stack,
    mediaRoot: stack.mediaRoot,
    databaseUrl: stack.env.DATABASE_URL ?? '',
    amqpUrl: stack.env.AMQP_URL ?? '',
    vhost: shared?.vhost ?? null,
    async stop() {
      await stack.stop();
      await shared?.vhost.remove();
      await shared?.database.drop();
      removeStackData(dataDir);
    },
  };
}

async function shareServers() {
  const [database, vhost] = await Promise.all([
    createDatabase(inject('postgresUrl')),
    Vhost.create(inject('amqpUrl'), inject('managementUrl')),
  ]);
  return { database, vhost };
}
