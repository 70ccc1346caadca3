import amqp, { type ChannelModel, type ConfirmChannel } from 'amqplib';

/** A message that a raw client heard. */
export interface HeardMessage {
  readonly routingKey: string;
  readonly content: unknown;
  readonly correlationId: string | undefined;
}

/** Speaks AMQP with no code of the product: sends whatever it is told to, and listens. */
export class RawClient {
  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: ConfirmChannel,
  ) {}

  static async connect(url: string): Promise<RawClient> {
    const connection = await amqp.connect(url, { noDelay: true });
    connection.on('error', () => undefined);
    return new RawClient(connection, await connection.createConfirmChannel());
  }

  /** Publishes JSON, or bytes as they are. */
  publish(exchange: string, routingKey: string, content: unknown, correlationId?: string): void {
    this.channel.publish(
      exchange,
      routingKey,
      Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content)),
      { persistent: true, ...(correlationId === undefined ? {} : { correlationId }) },
    );
  }

  /** Waits until the broker has all that was published. */
  confirmed(): Promise<void> {
    return this.channel.waitForConfirms();
  }

  /** Keeps what is published on an exchange from now on, beside those who are meant to have it. */
  async overhear(exchange: string, routingKey: string): Promise<HeardMessage[]> {
    const { queue } = await this.channel.assertQueue('', { exclusive: true });
    await this.channel.bindQueue(queue, exchange, routingKey);
    const heard: HeardMessage[] = [];
    await this.consume(queue, (message) => heard.push(message));
    return heard;
  }

  /** Declares a durable queue, bound by its own name. */
  async declare(queue: string, exchange: string): Promise<void> {
    await this.channel.assertQueue(queue, { durable: true });
    await this.channel.bindQueue(queue, exchange, queue);
  }

  /** Takes all messages of a queue that is there. */
  async consume(queue: string, onMessage: (message: HeardMessage) => void): Promise<void> {
    await this.channel.consume(
      queue,
      (message) => {
        if (!message) return;
        const correlationId: unknown = message.properties.correlationId;
        onMessage({
          routingKey: message.fields.routingKey,
          content: JSON.parse(message.content.toString()),
          correlationId: typeof correlationId === 'string' ? correlationId : undefined,
        });
      },
      { noAck: true },
    );
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
