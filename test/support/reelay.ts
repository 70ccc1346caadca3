import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { removeStackData } from '../../tools/lib/stack-files.mjs';
import { startStack } from '../../tools/lib/stack.mjs';
import { Api } from './api.js';
import { createDatabase } from './database.js';
import { TcpProxy } from './tcp-proxy.js';
import { Vhost } from './vhost.js';

export interface ReelayOptions {
  readonly replicas?: Record<string, number>;
  readonly env?: Record<string, string>;
  /** Whether what dies is started again, as `npm run up` does. Default false: a test kills on purpose. */
  readonly restart?: boolean;
  /** A database and broker of its own, which may be killed. */
  readonly privateServers?: boolean;
  /** Settings of a private database, beside the usual ones. */
  readonly postgresSettings?: Record<string, string>;
  /** Whether its processes reach the shared servers through proxies, which a test may cut. */
  readonly proxied?: boolean;
  /** Seconds: what AMQP_URL asks for in its `heartbeat` parameter. */
  readonly heartbeat?: number;
}

/** The proxies between the processes of the stack and the servers. */
interface Links {
  readonly broker: TcpProxy;
  readonly database: TcpProxy;
}

/** RabbitMQ's management API, and which of its virtual hosts is meant. */
interface Management {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
}

type Stack = Awaited<ReturnType<typeof startStack>>;

/** A running Reelay: real processes on a real broker and database, with a library of its own. */
export interface Reelay {
  readonly api: Api;
  readonly stack: Stack;
  readonly mediaRoot: string;
  /** The servers themselves, also where the stack's processes go through proxies. */
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  /** Only with `proxied`. */
  readonly links: Links | null;
  /** Only on the shared broker. */
  readonly vhost: Vhost | null;
  /** The management API of its broker; null for a broker that the test brought along. */
  readonly management: Management | null;
  /** Stops everything and removes its files; fails when a connection is left. */
  stop(): Promise<void>;
}

const NO_WORKERS = { 'worker-analyze': 0, 'worker-compile': 0, 'worker-encode': 0, 'worker-library': 0 };

/** Starts a Reelay for one test file. Without `replicas` it has a backend and no workers. */
export async function startReelay(options: ReelayOptions = {}): Promise<Reelay> {
  const dataDir = await mkdtemp(join(tmpdir(), 'reelay-stack-'));
  const shared = options.privateServers ? null : await shareServers();
  const links = shared && options.proxied ? await startLinks(shared.vhost.amqpUrl, shared.database.url) : null;
  const stack = await startStack({
    dataDir,
    mediaRoot: join(dataDir, 'media'),
    replicas: { ...NO_WORKERS, ...options.replicas },
    restart: options.restart ?? false,
    postgresSettings: { fsync: 'off', ...options.postgresSettings },
    env: {
      LOG_LEVEL: 'warn',
      AMQP_URL: withHeartbeat(links?.broker.url ?? shared?.vhost.amqpUrl ?? '', options.heartbeat),
      DATABASE_URL: links?.database.url ?? shared?.database.url ?? '',
      ...options.env,
    },
  });
  return {
    api: new Api(stack.apiUrl, stack.token),
    stack,
    mediaRoot: stack.mediaRoot,
    databaseUrl: shared?.database.url ?? stack.env.DATABASE_URL ?? '',
    amqpUrl: options.env?.AMQP_URL ?? shared?.vhost.amqpUrl ?? stack.env.AMQP_URL ?? '',
    links,
    vhost: shared?.vhost ?? null,
    management: managementOf(options, stack, shared?.vhost ?? null),
    async stop() {
      await stack.stop();
      await Promise.all([links?.broker.close(), links?.database.close()]);
      await shared?.vhost.remove();
      await shared?.database.drop();
      removeStackData(dataDir);
    },
  };
}

function managementOf(options: ReelayOptions, stack: Stack, vhost: Vhost | null): Management | null {
  if (options.env?.AMQP_URL !== undefined) return null;
  if (vhost) {
    const { username: user, password } = new URL(vhost.amqpUrl);
    return { url: inject('managementUrl'), user, password, vhost: vhost.name };
  }
  const { RABBITMQ_MANAGEMENT_URL: url = '', RABBITMQ_MANAGEMENT_USER: user = '' } = stack.env;
  return { url, user, password: stack.env.RABBITMQ_MANAGEMENT_PASSWORD ?? '', vhost: '/' };
}

async function startLinks(amqpUrl: string, databaseUrl: string): Promise<Links> {
  const [broker, database] = await Promise.all([TcpProxy.to(amqpUrl), TcpProxy.to(databaseUrl)]);
  return { broker, database };
}

const withHeartbeat = (url: string, seconds?: number): string =>
  seconds === undefined ? url : `${url}?heartbeat=${String(seconds)}`;

async function shareServers() {
  const [database, vhost] = await Promise.all([
    createDatabase(inject('postgresUrl')),
    Vhost.create(inject('amqpUrl'), inject('managementUrl')),
  ]);
  return { database, vhost };
}
