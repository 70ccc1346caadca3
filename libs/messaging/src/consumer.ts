import type { Logger } from '@reelay/platform';
import type { Channel, ConsumeMessage } from 'amqplib';
import { plainSession, type ChannelSession } from './channel-session.js';
import type { AmqpConnection } from './connection.js';

/**
 * A message with the only channel on which it can be settled. It is settled once: the broker closes a channel on
 * which a message is settled again, so what comes later does nothing.
 */
export interface Delivery {
  readonly message: ConsumeMessage;
  /** Settles it as done. On a channel that is gone this does nothing: the broker delivers again. */
  ack(): void;
  /** Settles this one and every earlier one of its channel that is still open. */
  ackUpToHere(): void;
  /** Gives it back to the queue, or away to the queue's dead letters. */
  nack(options: { requeue: boolean }): void;
}

export interface ConsumerOptions {
  readonly queue: string;
  /** Most messages that are delivered and not yet settled. */
  readonly prefetch: number;
  /** Declares the queue and what it is bound to, on every new channel. */
  readonly setUp: (channel: Channel) => Promise<void>;
  /** Called for each message; must not throw. */
  readonly onDelivery: (delivery: Delivery) => void;
  /** Waits for `resume` before it takes messages. */
  readonly paused?: boolean;
}

/** Takes messages from one queue and settles each by hand, on the channel that delivered it. */
export class Consumer {
  private readonly session: ChannelSession<Channel>;
  private consumerTag: string | null = null;
  private wanted: boolean;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    connection: AmqpConnection,
    private readonly logger: Logger,
    private readonly options: ConsumerOptions,
  ) {
    this.wanted = !(options.paused ?? false);
    this.session = plainSession(connection, logger, async (channel) => {
      this.consumerTag = null;
      await options.setUp(channel);
      await channel.prefetch(options.prefetch);
      if (this.wanted) await this.subscribe(channel);
      // Paused while the channel was set up: there was no channel yet to say it on.
      if (!this.wanted) await this.cancel(channel);
    });
  }

  get isReady(): boolean {
    return this.session.current !== null;
  }

  /** Waits until the queue is there and, unless paused, consumed. */
  async whenReady(): Promise<void> {
    await this.session.whenReady();
  }

  /** Takes no further messages; what was delivered can still be settled. */
  pause(): Promise<void> {
    this.wanted = false;
    return this.inTurn(async (channel) => {
      if (!this.wanted) await this.cancel(channel);
    });
  }

  /** Takes messages again. */
  resume(): Promise<void> {
    this.wanted = true;
    return this.inTurn(async (channel) => {
      if (this.wanted && this.consumerTag === null) await this.subscribe(channel);
    });
  }

  /** Declares the queue and its bindings again, which somebody may have removed under a live channel. */
  declareAgain(): Promise<void> {
    return this.inTurn((channel) => this.options.setUp(channel));
  }

  /** Stops for good. What is not settled by then goes back to the queue. */
  async close(): Promise<void> {
    await this.session.close();
  }

  /** Pausing and resuming talk to the broker: one after the other, and nothing where there is no channel. */
  private inTurn(step: (channel: Channel) => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      const channel = this.session.current;
      if (!channel) return;
      await step(channel).catch((error: unknown) => {
        this.logger.debug({ err: error }, 'the channel went away; it is set up anew');
      });
    });
    return this.turn;
  }

  private async cancel(channel: Channel): Promise<void> {
    const tag = this.consumerTag;
    this.consumerTag = null;
    if (tag !== null) await channel.cancel(tag);
  }

  private async subscribe(channel: Channel): Promise<void> {
    const { consumerTag } = await channel.consume(this.options.queue, (message) => {
      if (message) {
        this.options.onDelivery(this.delivery(channel, message));
        return;
      }
      // The broker cancelled the consumer: its queue was deleted. A new channel declares it again.
      this.logger.warn({ queue: this.options.queue }, 'the queue was deleted under its consumer');
      channel.close().catch(() => undefined);
    });
    this.consumerTag = consumerTag;
  }

  private delivery(channel: Channel, message: ConsumeMessage): Delivery {
    let settled = false;
    const settle = (how: () => void): void => {
      if (settled) return;
      settled = true;
      try {
        how();
      } catch (error) {
        this.logger.debug({ err: error }, 'the channel went away before its message was settled');
      }
    };
    return {
      message,
      ack: () => {
        settle(() => {
          channel.ack(message);
        });
      },
      ackUpToHere: () => {
        settle(() => {
          channel.ack(message, true);
        });
      },
      nack: ({ requeue }) => {
        settle(() => {
          channel.nack(message, false, requeue);
        });
      },
    };
  }
}
