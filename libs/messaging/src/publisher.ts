import { randomUUID } from 'node:crypto';
import type { Logger } from '@reelay/platform';
import type { ConfirmChannel, Options } from 'amqplib';
import { confirmSession, type ChannelSession } from './channel-session.js';
import type { AmqpConnection } from './connection.js';
import { BrokerUnavailableError, NotConfirmedError } from './errors.js';

/** A broker under a memory or disk alarm keeps messages unconfirmed for as long as the alarm lasts. */
const CONFIRM_TIMEOUT_MS = 10_000;

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  /** Sent as JSON, or as it is when it is a buffer. */
  readonly content: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly correlationId?: string;
  /** AMQP priority: higher is sooner. */
  readonly priority?: number;
  /** News for whoever listens: nobody may, and it need not survive the broker. Default false. */
  readonly ephemeral?: boolean;
}

/** Whether a queue took the message. A message that no queue takes is confirmed all the same. */
export type PublishOutcome = 'routed' | 'returned';

/** Publishes persistent, mandatory messages and waits for the broker's confirm of each. */
export class Publisher {
  private readonly session: ChannelSession<ConfirmChannel>;
  private readonly returned = new Set<string>();

  /** @param setUp declares what the messages are published to, on every new channel */
  constructor(connection: AmqpConnection, logger: Logger, setUp?: (channel: ConfirmChannel) => Promise<void>) {
    this.session = confirmSession(connection, logger, async (channel) => {
      // The broker sends the return before the confirm of the same message.
      channel.on('return', (message: { properties: { messageId?: unknown } }) => {
        if (typeof message.properties.messageId === 'string') this.returned.add(message.properties.messageId);
      });
      await setUp?.(channel);
    });
  }

  get isReady(): boolean {
    return this.session.current !== null;
  }

  /** Waits until messages can be published. */
  async whenReady(): Promise<void> {
    await this.session.whenReady();
  }

  /**
   * Publishes one message. Calls may overlap: confirms are awaited together and order is kept.
   * @throws {BrokerUnavailableError} at once when there is no channel
   * @throws {NotConfirmedError} when the broker refused it, went away, or kept silent for 10 s
   */
  publish(message: OutgoingMessage): Promise<PublishOutcome> {
    const channel = this.session.current;
    const what = `publishing to ${message.exchange || 'the default exchange'} (${message.routingKey})`;
    if (!channel) return Promise.reject(new BrokerUnavailableError(what));
    const messageId = randomUUID();
    const kept = !(message.ephemeral ?? false);
    const options: Options.Publish = {
      persistent: kept,
      mandatory: kept,
      contentType: 'application/json',
      messageId,
      timestamp: Math.floor(Date.now() / 1000),
      ...(message.headers ? { headers: { ...message.headers } } : {}),
      ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
      ...(message.priority === undefined ? {} : { priority: message.priority }),
    };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new NotConfirmedError(what));
      }, CONFIRM_TIMEOUT_MS);
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        const wasReturned = this.returned.delete(messageId);
        if (error) reject(new NotConfirmedError(what, { cause: error }));
        else resolve(wasReturned ? 'returned' : 'routed');
      };
      try {
        channel.publish(
          message.exchange,
          message.routingKey,
          Buffer.isBuffer(message.content) ? message.content : Buffer.from(JSON.stringify(message.content)),
          options,
          settle,
        );
      } catch (error) {
        settle(error);
      }
    });
  }

  async close(): Promise<void> {
    await this.session.close();
  }
}
