import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './paths.mjs';

/** The user that the definitions make, an administrator; there is no other. */
export const RABBITMQ_USER = 'reelay';

/** The node's name; nodes of several folders do not meet, as each has an epmd of its own. */
export const NODE_NAME = 'reelay@localhost';

/**
 * @typedef {Record<'amqp' | 'management' | 'prometheus' | 'dist' | 'epmd', number>} RabbitmqPorts
 * @typedef {{ [part: string]: any }} Definitions RabbitMQ's definitions file: exchanges, queues, bindings, ...
 */

/**
 * Adds the virtual host and the user that programs log in with to a topology.
 * @param {Definitions} topology
 * @param {string} password
 * @returns {Definitions}
 */
export function withUser(topology, password) {
  const vhosts = [{ name: '/' }, ...(topology.vhosts ?? [])];
  return {
    ...topology,
    vhosts: [...new Map(vhosts.map((vhost) => [vhost.name, vhost])).values()],
    users: [
      ...(topology.users ?? []),
      {
        name: RABBITMQ_USER,
        tags: ['administrator'],
        password_hash: hashPassword(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
      },
    ],
    permissions: [
      ...(topology.permissions ?? []),
      { user: RABBITMQ_USER, vhost: '/', configure: '.*', write: '.*', read: '.*' },
    ],
  };
}

/** RabbitMQ's own form: base64 of a salt of 4 bytes and SHA-256 of salt and password. @param {string} password */
function hashPassword(password) {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}

/**
 * Writes everything that a private node reads at its start.
 * @param {string} dir the node's own folder
 * @param {RabbitmqPorts} ports
 * @param {Definitions} definitions
 */
export function writeNodeFiles(dir, ports, definitions) {
  for (const part of ['mnesia', 'home', 'log']) mkdirSync(join(dir, part), { recursive: true, mode: 0o700 });
  const cookie = join(dir, 'home', '.erlang.cookie');
  if (!existsSync(cookie)) writeFileSync(cookie, randomBytes(20).toString('hex'), { mode: 0o400 });
  chmodSync(cookie, 0o400);
  writeFileAtomic(join(dir, 'definitions.json'), `${JSON.stringify(definitions, null, 2)}\n`);
  writeFileAtomic(join(dir, 'enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n');
  writeFileAtomic(join(dir, 'rabbitmq.conf'), `${configLines(dir, ports).join('\n')}\n`);
}

/** @param {string} dir @param {RabbitmqPorts} ports */
const configLines = (dir, ports) => [
  `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
  'management.tcp.ip = 127.0.0.1',
  `management.tcp.port = ${ports.management}`,
  'prometheus.tcp.ip = 127.0.0.1',
  `prometheus.tcp.port = ${ports.prometheus}`,
  `load_definitions = ${join(dir, 'definitions.json')}`,
  'disk_free_limit.absolute = 200MB',
  'vm_memory_high_watermark.absolute = 1GB',
  // The default of 512 MB is kept in memory and on disk before it is written to the queues' own files.
  'raft.wal_max_size_bytes = 67108864',
  'log.console = true',
  'log.console.level = info',
  'log.console.use_colors = off',
  'log.file = false',
];

/**
 * The environment of a private node. With input allowed its start script becomes the Erlang machine itself, so that
 * the process started is the broker; `-noinput` keeps it from reading any.
 * @param {string} dir
 * @param {RabbitmqPorts} ports
 * @returns {Record<string, string>}
 */
export const nodeEnv = (dir, ports) => ({
  HOME: join(dir, 'home'),
  LANG: 'C.UTF-8',
  RABBITMQ_NODENAME: NODE_NAME,
  RABBITMQ_ALLOW_INPUT: 'true',
  RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
  RABBITMQ_CONF_ENV_FILE: '/dev/null',
  RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
  RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
  RABBITMQ_LOG_BASE: join(dir, 'log'),
  RABBITMQ_SCHEMA_DIR: join(dir, 'schema'),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
  RABBITMQ_PID_FILE: join(dir, 'pid'),
  RABBITMQ_DIST_PORT: String(ports.dist),
  ERL_EPMD_PORT: String(ports.epmd),
  ERL_EPMD_ADDRESS: '127.0.0.1',
  // Two schedulers that sleep when idle: the default spins on every core while it waits for work.
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
    '-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
});
