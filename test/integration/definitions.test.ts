import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AmqpConnection, assertBackendTopology, Publisher } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.js';

const root = join(import.meta.dirname, '../..');

it('the definitions that a broker loads are what the backend declares', async () => {
  const amqpUrl = inject('amqpUrl');
  const { username, password } = new URL(amqpUrl);
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'deploy/import-definitions.mjs')], {
    env: {
      RABBITMQ_MANAGEMENT_URL: inject('managementUrl'),
      RABBITMQ_USER: username,
      RABBITMQ_PASSWORD: password,
      DEFINITIONS_FILE: join(root, 'rabbitmq/definitions.json'),
    },
  });
  expect(stdout).toContain('imported');

  // Declaring what is there with other arguments would close the channel.
  const logger = createLogger({ name: 'test', level: 'silent' });
  const connection = new AmqpConnection({ url: amqpUrl, name: 'definitions test', logger });
  let declared = 0;
  const publisher = new Publisher(connection, logger, async (channel) => {
    await assertBackendTopology(channel);
    declared++;
  });
  try {
    await eventually('the topology is declared', () => declared === 1);
  } finally {
    await publisher.close();
    await connection.close();
  }
});
