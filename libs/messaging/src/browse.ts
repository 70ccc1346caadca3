import type { GetMessage } from 'amqplib';
import type { AmqpConnection } from './connection.js';
import { onOwnChannel } from './own-channel.js';

/** A message as it lies in a queue. */
export interface StoredMessage {
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messageId: string | null;
  readonly correlationId: string | null;
  /** Seconds since 1970; null where its publisher gave none. */
  readonly timestamp: number | null;
}

/** What becomes of a message that was looked at: it stays in its old place, or it is gone. */
export type BrowseDecision = 'keep' | 'remove';

/**
 * Looks at the first messages of a queue, the oldest first, on a channel of its own. Nobody else sees them meanwhile.
 * Those that were there at its start are looked at once, and no later ones.
 * @param most how many are looked at; those that were not are counted all the same
 * @returns how many there were
 * @throws {BrokerUnavailableError} when there is no connection, or it goes; what `look` throws passes on. What was
 * removed until then is gone, the rest stays
 */
export async function browseQueue(
  connection: AmqpConnection,
  queue: string,
  most: number,
  look: (message: StoredMessage) => BrowseDecision | Promise<BrowseDecision>,
): Promise<number> {
  return onOwnChannel(connection, `reading ${queue}`, async (channel, unavailable) => {
    const { messageCount } = await channel.checkQueue(queue).catch(unavailable);
    for (let count = 0; count < Math.min(most, messageCount); count++) {
      const message = await channel.get(queue).catch(unavailable);
      if (!message) break;
      if ((await look(toStored(message))) === 'remove') channel.ack(message);
    }
    return messageCount;
  });
}

type BrowsedProperty = 'headers' | 'messageId' | 'correlationId' | 'timestamp';

function toStored({ content, properties }: GetMessage): StoredMessage {
  // A publisher may have set none of them, and any of them to anything.
  const { headers = {}, messageId, correlationId, timestamp } = properties as Partial<Record<BrowsedProperty, unknown>>;
  return {
    content,
    headers: headers as Record<string, unknown>,
    messageId: typeof messageId === 'string' ? messageId : null,
    correlationId: typeof correlationId === 'string' ? correlationId : null,
    timestamp: typeof timestamp === 'number' ? timestamp : null,
  };
}
