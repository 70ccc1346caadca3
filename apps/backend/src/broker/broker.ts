import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { directMessageHeaders, EXCHANGE, notifyQueue, type DirectMessage } from '@reelay/contracts';
import {
  AmqpConnection,
  assertBackendQueue,
  assertBackendTopology,
  browseQueue,
  declareQueues,
  Consumer,
  Publisher,
  type BrowseDecision,
  type Delivery,
  type StoredMessage,
} from '@reelay/messaging';
import { AmqpServer } from '@reelay/messaging/nest';
import type { Logger } from '@reelay/platform';
import { BackendConfig } from '../config.js';
import { LOGGER } from '../logging.js';

/** News is settled as it comes; this only bounds what is under way. */
const LISTEN_PREFETCH = 1_000;

/** No queue has this name: what is sent to it is confirmed and dropped. */
const NOWHERE = 'reelay_nowhere';

/**
 * The backend's side of the broker. It publishes and consumes on separate connections, since a broker
 * under an alarm blocks the ones that publish.
 */
@Injectable()
export class Broker implements OnApplicationShutdown {
  readonly publisher: Publisher;
  /** Serves the `@AmqpConsumer` methods. */
  readonly server: AmqpServer;
  private readonly publishing: AmqpConnection;
  private readonly consuming: AmqpConnection;

  constructor(
    config: BackendConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const url = config.amqpUrl;
    this.publishing = new AmqpConnection({ url, name: 'reelay backend publish', logger });
    this.consuming = new AmqpConnection({ url, name: 'reelay backend consume', logger });
    this.publisher = new Publisher(this.publishing, logger, assertBackendTopology);
    this.server = new AmqpServer({
      connection: this.consuming,
      publisher: this.publisher,
      logger,
      setUp: async (channel, queue) => {
        // The exchanges come with the publisher's channel.
        await this.publisher.whenReady();
        await assertBackendQueue(channel, queue);
      },
    });
  }

  /** Whether orders can be sent and answers are taken. */
  get isReady(): boolean {
    return this.publisher.isReady && this.server.isReady;
  }

  /**
   * Whether the broker takes messages now. Under a memory or disk alarm it takes none, from nobody, and keeps
   * delivering what it has: only a message that is not confirmed tells.
   */
  takesMessages(): Promise<boolean> {
    return this.publisher.publish({ exchange: '', routingKey: NOWHERE, content: null, ephemeral: true }).then(
      () => true,
      () => false,
    );
  }

  /** Calls back whenever orders can be sent (again). */
  onPublishingUp(callback: () => void): void {
    this.publishing.on('up', () => {
      this.publisher.whenReady().then(callback, () => undefined);
    });
  }

  /** Listens to an exchange with a queue of this process's own, which goes with its connection. */
  listen(exchange: string, keys: readonly string[], onDelivery: (delivery: Delivery) => void): Consumer {
    const queue = `reelay_backend_${randomUUID()}`;
    return new Consumer(this.consuming, this.logger, {
      queue,
      prefetch: LISTEN_PREFETCH,
      setUp: async (channel) => {
        await this.publisher.whenReady();
        await channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false });
        for (const key of keys) await channel.bindQueue(queue, exchange, key);
      },
      onDelivery,
    });
  }

  /** Looks at the first messages of a queue; see `browseQueue`. */
  browse(
    queue: string,
    most: number,
    look: (message: StoredMessage) => BrowseDecision | Promise<BrowseDecision>,
  ): Promise<number> {
    return browseQueue(this.consuming, queue, most, look);
  }

  /**
   * Makes the queues that are told what becomes of jobs or workflows. Call it before anything does.
   * @throws {BrokerUnavailableError} when that cannot be done now
   */
  async declareNotifyQueues(kind: 'job' | 'workflow', ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await declareQueues(
      this.consuming,
      ids.map((id) => notifyQueue(kind, id)),
    );
  }

  /** Sends a direct message to one worker. One that is gone misses it: nothing depends on its arrival. */
  tell(instanceId: string, message: DirectMessage): void {
    this.send(directMessageHeaders.worker(instanceId), message);
  }

  /** Sends a direct message to all workers. */
  tellEveryone(message: DirectMessage): void {
    this.send(directMessageHeaders.everyone(), message);
  }

  /** After the consumers are drained by Nest, the connections go. */
  async onApplicationShutdown(): Promise<void> {
    await this.server.close();
    await this.publisher.close();
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }

  private send(headers: Record<string, string>, content: DirectMessage): void {
    this.publisher
      .publish({ exchange: EXCHANGE.directMessaging, routingKey: '', content, headers })
      .catch((error: unknown) => {
        this.logger.debug({ err: error, message: content.type }, 'a direct message was not sent');
      });
  }
}
