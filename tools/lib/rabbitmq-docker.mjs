import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathHash, writeFileAtomic } from './paths.mjs';
import { run, tryRun } from './run.mjs';
import { startService } from './service.mjs';

/** The last resort where RabbitMQ is neither installed nor to be had as a Debian package: its container image. */
const CONTAINER_CONFIG = `load_definitions = /etc/rabbitmq/definitions.json
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.absolute = 1GB
`;

/**
 * Starts RabbitMQ in a container of our own user, whose data lies in the broker's folder.
 * @param {{ dir: string, log: string, ports: import('./rabbitmq-config.mjs').RabbitmqPorts, definitions: object,
 *   image: import('./rabbitmq-programs.mjs').RabbitmqImage }} options
 * @returns {Promise<import('./service.mjs').Service & { epmd: undefined, settle: () => Promise<void> }>} its pid is that of the Docker client
 */
export async function startContainer({ dir, log, ports, definitions, image: { docker, image } }) {
  const data = join(dir, 'container-data');
  mkdirSync(data, { recursive: true });
  chmodSync(data, 0o700);
  const files = {
    'definitions.json': JSON.stringify(definitions),
    'container.conf': CONTAINER_CONFIG,
    enabled_plugins: '[rabbitmq_management,rabbitmq_prometheus].\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileAtomic(join(dir, name), content);
  const name = `reelay-${pathHash(dir)}`;
  await tryRun(docker, ['rm', '--force', name]);
  await run(docker, ['pull', '--quiet', image], {
    hint: 'install rabbitmq-server, or set AMQP_URL to a broker of yours',
  });
  const client = await startService({
    command: docker,
    args: dockerArgs({ dir, data, name, ports, image }),
    env: process.env,
    log,
  });
  const exited = client.exited.then(async (how) => {
    await tryRun(docker, ['rm', '--force', name]);
    return how;
  });
  return {
    ...client,
    epmd: undefined,
    settle: async () => {},
    exited,
    async stop(graceMs = 15_000) {
      if (client.isRunning()) await tryRun(docker, ['stop', '--time', String(Math.ceil(graceMs / 1000)), name]);
      await client.stop(5_000);
      await exited;
    },
    async kill() {
      await tryRun(docker, ['kill', name]);
      await client.kill();
      await exited;
    },
  };
}

/** @param {{ dir: string, data: string, name: string, ports: import('./rabbitmq-config.mjs').RabbitmqPorts, image: string }} options */
const dockerArgs = ({ dir, data, name, ports, image }) => [
  'run',
  '--rm',
  '--name',
  name,
  '--hostname',
  'reelay',
  '--user',
  `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
  '--publish',
  `127.0.0.1:${ports.amqp}:5672`,
  '--publish',
  `127.0.0.1:${ports.management}:15672`,
  '--publish',
  `127.0.0.1:${ports.prometheus}:15692`,
  '--volume',
  `${data}:/var/lib/rabbitmq`,
  '--volume',
  `${join(dir, 'definitions.json')}:/etc/rabbitmq/definitions.json:ro`,
  '--volume',
  `${join(dir, 'container.conf')}:/etc/rabbitmq/rabbitmq.conf:ro`,
  '--volume',
  `${join(dir, 'enabled_plugins')}:/etc/rabbitmq/enabled_plugins:ro`,
  image,
];
