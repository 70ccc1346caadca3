import { QUEUE } from '@reelay/contracts';
import type { Logger } from '@reelay/platform';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Channel, ConsumeMessage } from 'amqplib';
import { isObservable, lastValueFrom } from 'rxjs';
import { AckWindow } from '../ack-window.js';
import type { AmqpConnection } from '../connection.js';
import { Consumer, type Delivery } from '../consumer.js';
import { decodeMessage } from '../decode.js';
import { UnreadableMessageError } from '../errors.js';
import type { Publisher } from '../publisher.js';
import { AMQP_TRANSPORT, type ConsumerExtras } from './amqp-consumer.decorator.js';

/** How long a stop waits for the messages that are being handled. */
const DRAIN_MS = 5_000;
const DRAIN_STEP_MS = 20;
/** A message that failed for now comes back after this long, so that it does not spin. */
const REDELIVERY_MS = 1_000;

/** What a handler can ask of the message it handles. */
export class AmqpContext extends BaseRpcContext<[ConsumeMessage]> {
  get message(): ConsumeMessage {
    return this.getArgByIndex(0) as ConsumeMessage;
  }

  /** The message's correlation id, which carries the job's UUID; null when there is none. */
  get correlationId(): string | null {
    const id: unknown = this.message.properties.correlationId;
    return typeof id === 'string' ? id : null;
  }
}

export interface AmqpServerOptions {
  readonly connection: AmqpConnection;
  /** Parks messages that can never be handled. */
  readonly publisher: Publisher;
  /** Declares a consumed queue on every new channel. */
  readonly setUp: (channel: Channel, queue: string) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Nest's transport for AMQP: each `@AmqpConsumer` method consumes its queue with explicit
 * acknowledgement. Nest's own RabbitMQ transport routes on the body, acknowledges early, and drops
 * what it does not know.
 */
export class AmqpServer extends Server implements CustomTransportStrategy {
  override readonly transportId = AMQP_TRANSPORT;
  private consumers: Consumer[] = [];
  private readonly windows: AckWindow[] = [];

  constructor(private readonly options: AmqpServerOptions) {
    super();
  }

  /** Starts consuming; returns at once, with or without a broker. */
  listen(callback: () => void): void {
    this.consumers = [...this.messageHandlers].map(([queue, handler]) => this.consume(queue, handler));
    callback();
  }

  /** Whether every queue is consumed. */
  get isReady(): boolean {
    return this.consumers.every((consumer) => consumer.isReady);
  }

  /** Stops taking messages, lets those under way be settled, then closes the channels. */
  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.pause()));
    const deadline = Date.now() + DRAIN_MS;
    while (this.windows.some(({ size }) => size > 0) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    await Promise.all(this.consumers.map((consumer) => consumer.close()));
  }

  on(): never {
    throw new Error('the AMQP strategy emits no events; watch its connection instead');
  }

  unwrap(): never {
    throw new Error('the AMQP strategy hides its channels: a delivery is settled on its own');
  }

  private consume(queue: string, handler: MessageHandler): Consumer {
    const { schema, prefetch } = handler.extras as unknown as ConsumerExtras;
    const window = new AckWindow();
    this.windows.push(window);
    return new Consumer(this.options.connection, this.options.logger, {
      queue,
      prefetch,
      setUp: (channel) => this.options.setUp(channel, queue),
      onDelivery: (delivery) => {
        const { done, leave } = window.enter(delivery);
        this.handle(queue, schema, handler, delivery).then(done, (error: unknown) => {
          this.options.logger.error({ err: error, queue }, 'a message could not be handled; it is delivered again');
          setTimeout(() => {
            leave();
            delivery.nack({ requeue: true });
          }, REDELIVERY_MS);
        });
      },
    });
  }

  private async handle(
    queue: string,
    schema: ConsumerExtras['schema'],
    handler: MessageHandler,
    { message }: Delivery,
  ): Promise<void> {
    try {
      const data: unknown = decodeMessage(schema, message.content);
      const answer: unknown = await handler(data, new AmqpContext([message]));
      if (isObservable(answer)) await lastValueFrom(answer, { defaultValue: undefined });
    } catch (error) {
      if (!(error instanceof UnreadableMessageError)) throw error;
      await this.park(queue, message, error.message);
    }
  }

  /** Moves a message where an operator sees it, with the reason beside it. */
  private async park(queue: string, message: ConsumeMessage, reason: string): Promise<void> {
    this.options.logger.error({ queue, reason }, 'parked a message that cannot be handled');
    const { correlationId } = message.properties as { correlationId?: unknown };
    await this.options.publisher.publish({
      exchange: '',
      routingKey: QUEUE.jobResponseDead,
      content: message.content,
      headers: {
        'x-reelay-reason': reason,
        'x-reelay-queue': queue,
        'x-reelay-exchange': message.fields.exchange,
        'x-reelay-routing-key': message.fields.routingKey,
      },
      ...(typeof correlationId === 'string' ? { correlationId } : {}),
    });
  }
}
