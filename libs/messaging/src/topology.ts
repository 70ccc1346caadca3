import {
  backendBindings,
  backendQueues,
  exchanges,
  type BindingSpec,
  type Peer,
  type QueueSpec,
} from '@reelay/contracts';
import type { Channel } from 'amqplib';
import type { AmqpConnection } from './connection.js';
import { onOwnChannel } from './own-channel.js';

/** Asserts the exchanges that a peer owns; their order in the topology lets alternates come first. */
export async function assertExchanges(channel: Channel, peer: Peer): Promise<void> {
  for (const { name, type, alternate } of exchanges.filter(({ owners }) => owners.includes(peer))) {
    await channel.assertExchange(name, type, {
      durable: true,
      ...(alternate === undefined ? {} : { alternateExchange: alternate }),
    });
  }
}

/** Asserts a queue: durable, unless it is exclusive to this connection. */
export async function assertQueue(channel: Channel, queue: QueueSpec): Promise<void> {
  const exclusive = queue.exclusive ?? false;
  await channel.assertQueue(queue.name, { durable: !exclusive, exclusive, arguments: { ...queue.arguments } });
}

/** Binds a queue to an exchange. */
export async function bindQueue(channel: Channel, binding: BindingSpec): Promise<void> {
  await channel.bindQueue(binding.queue, binding.exchange, binding.key, { ...binding.arguments });
}

/** Asserts all that the backend owns. Requests are pipelined, and the broker keeps their order. */
export async function assertBackendTopology(channel: Channel): Promise<void> {
  await assertExchanges(channel, 'backend');
  await Promise.all(backendQueues.map((queue) => assertQueue(channel, queue)));
  await Promise.all(backendBindings.map((binding) => bindQueue(channel, binding)));
}

/**
 * Asserts one of the backend's queues with its bindings; a queue that was deleted under its consumer
 * comes back this way.
 * @throws {Error} when the topology has no such queue
 */
export async function assertBackendQueue(channel: Channel, name: string): Promise<void> {
  const queue = backendQueues.find((candidate) => candidate.name === name);
  if (!queue) throw new Error(`the topology has no queue ${name}`);
  await assertQueue(channel, queue);
  for (const binding of backendBindings.filter((candidate) => candidate.queue === name)) {
    await bindQueue(channel, binding);
  }
}

/**
 * Declares queues, each with its binding, on a channel of its own.
 * @throws {BrokerUnavailableError} when that cannot be done now
 */
export async function declareQueues(
  connection: AmqpConnection,
  declared: readonly { readonly queue: QueueSpec; readonly binding: BindingSpec }[],
): Promise<void> {
  await onOwnChannel(connection, 'declaring queues', async (channel, unavailable) => {
    const steps = declared.flatMap(({ queue, binding }) => [assertQueue(channel, queue), bindQueue(channel, binding)]);
    await Promise.all(steps).catch(unavailable);
  });
}
