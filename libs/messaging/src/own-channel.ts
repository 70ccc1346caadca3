import type { Channel } from 'amqplib';
import type { AmqpConnection } from './connection.js';
import { BrokerUnavailableError } from './errors.js';

/** Turns what a request to the broker failed with into the one error that callers know. */
export type Unavailable = (cause: unknown) => never;

/**
 * Does something on a channel of its own, which is closed afterwards.
 * @param what is done, for the error
 * @throws {BrokerUnavailableError} when there is no connection; what `use` throws passes on
 */
export async function onOwnChannel<T>(
  connection: AmqpConnection,
  what: string,
  use: (channel: Channel, unavailable: Unavailable) => Promise<T>,
): Promise<T> {
  const unavailable: Unavailable = (cause) => {
    throw new BrokerUnavailableError(what, { cause });
  };
  const channel = await (connection.model?.createChannel().catch(unavailable) ?? unavailable('not connected'));
  // Whoever waits for an answer on the channel is told; an event without a listener would end the process.
  channel.on('error', () => undefined);
  try {
    return await use(channel, unavailable);
  } finally {
    // What was not acknowledged is in its old place again.
    await channel.close().catch(() => undefined);
  }
}
