import { EventEmitter } from 'node:events';
import { withoutCredentials, type Logger } from '@reelay/platform';
import amqp, { type AmqpConnectionManager } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';

/**
 * Both sides agree that a silent peer is gone after two of these. Shorter than a worker's lease together: the broker
 * would go on giving orders to a worker that stands still, and the job that it lost would wait there again.
 */
const HEARTBEAT_SECONDS = 5;
const RECONNECT_SECONDS = 1;
const CONNECT_TIMEOUT_MS = 10_000;
/** Closing politely needs an answer of the broker, which may never come. */
const CLOSE_TIMEOUT_MS = 2_000;

interface ConnectionEvents {
  up: [];
  down: [];
}

/** One connection to the broker that comes back by itself for as long as it is not closed. */
export class AmqpConnection extends EventEmitter<ConnectionEvents> {
  private readonly manager: AmqpConnectionManager;
  private closed = false;

  /**
   * Starts connecting and returns at once.
   * @param options.name shown in the broker's management page
   */
  constructor(options: { url: string; name: string; logger: Logger }) {
    super();
    this.setMaxListeners(0);
    const logger = options.logger.child({ connection: options.name });
    // noDelay: without it every message waits about 40 ms for Nagle's algorithm and delayed ACKs.
    this.manager = amqp.connect([options.url], {
      heartbeatIntervalInSeconds: HEARTBEAT_SECONDS,
      reconnectTimeInSeconds: RECONNECT_SECONDS,
      connectionOptions: {
        noDelay: true,
        timeout: CONNECT_TIMEOUT_MS,
        clientProperties: { connection_name: options.name },
      },
    });
    this.manager.on('connect', () => {
      logger.info({ broker: withoutCredentials(options.url) }, 'connected to the broker');
      this.emit('up');
    });
    // Typed as always there; a close that this side began, after a frame that made no sense, has none.
    this.manager.on('disconnect', ({ err }: { err?: Error }) => {
      if (!this.closed) logger.warn({ reason: err?.message ?? 'the connection was closed' }, 'lost the broker');
      this.emit('down');
    });
    let reported = '';
    this.manager.on('connectFailed', ({ err }) => {
      if (err.message !== reported) logger.warn({ reason: err.message }, 'cannot reach the broker; trying again');
      reported = err.message;
    });
    this.manager.on('blocked', ({ reason }) => {
      logger.warn({ reason }, 'the broker blocks publishing');
    });
    this.manager.on('unblocked', () => {
      logger.info('the broker takes messages again');
    });
  }

  get isUp(): boolean {
    return this.manager.isConnected();
  }

  /** amqplib's connection, while there is one. */
  get model(): ChannelModel | undefined {
    return this.manager.connection;
  }

  /** Waits until there is a connection. */
  async whenUp(signal?: AbortSignal): Promise<void> {
    while (!this.isUp) {
      await new Promise<void>((resolve, reject) => {
        this.once('up', resolve);
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.race([
      this.manager.close().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref()),
    ]);
  }
}
