import type { Logger } from '@reelay/platform';
import type { Channel, ConfirmChannel } from 'amqplib';
import type { AmqpConnection } from './connection.js';

const RETRY_MS = 500;

/**
 * A channel that is set up anew after any error of its own or of its connection. Users get the
 * channel that is current when they ask and never keep it: a delivery tag means nothing on another.
 */
export class ChannelSession<C extends Channel> {
  private channel: C | null = null;
  private opening = false;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private waiters: ((channel: C) => void)[] = [];

  /**
   * @param open makes the channel on the connection it is given
   * @param setUp declares, binds and subscribes; runs again on every new channel
   */
  constructor(
    private readonly connection: AmqpConnection,
    private readonly logger: Logger,
    private readonly open: (connection: AmqpConnection) => Promise<C>,
    private readonly setUp: (channel: C) => Promise<void>,
  ) {
    connection.on('up', this.onUp);
    connection.on('down', this.onDown);
    this.onUp();
  }

  /** The channel, while there is one that is set up. */
  get current(): C | null {
    return this.channel;
  }

  /** Waits until the channel is set up. */
  whenReady(): Promise<C> {
    return this.channel ? Promise.resolve(this.channel) : new Promise((resolve) => this.waiters.push(resolve));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    this.connection.off('up', this.onUp);
    this.connection.off('down', this.onDown);
    const { channel } = this;
    this.channel = null;
    if (channel) await closeChannel(channel);
  }

  private readonly onUp = (): void => {
    if (!this.closed && this.connection.isUp) void this.establish();
  };

  private readonly onDown = (): void => {
    this.channel = null;
  };

  private async establish(): Promise<void> {
    if (this.opening || this.channel) return;
    this.opening = true;
    let channel: C | undefined;
    let usable = true;
    try {
      channel = await this.open(this.connection);
      channel.on('error', (error: Error) => {
        this.logger.warn({ err: error }, 'channel error');
      });
      channel.on('close', () => {
        usable = false;
        if (this.channel === channel) {
          this.channel = null;
          this.retryLater();
        }
      });
      await this.setUp(channel);
      // The channel may have been closed while the last reply of its set-up was under way.
      if (!usable as boolean) throw new Error('the channel was closed while it was set up');
      this.channel = channel;
      for (const waiter of this.waiters.splice(0)) waiter(channel);
    } catch (error) {
      if (!this.closed) this.logger.warn({ err: error }, 'cannot set up a channel; trying again');
      if (channel) await closeChannel(channel);
      this.retryLater();
    } finally {
      this.opening = false;
    }
  }

  private retryLater(): void {
    if (this.closed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(this.onUp, RETRY_MS);
  }
}

/** Closes a channel politely. The answer never comes when its connection goes meanwhile; then its end is enough. */
async function closeChannel(channel: Channel): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    channel.once('close', () => {
      resolve();
    });
  });
  await Promise.race([channel.close().catch(() => undefined), gone]);
}

const noSetUp = (): Promise<void> => Promise.resolve();

function modelOf(connection: AmqpConnection): NonNullable<AmqpConnection['model']> {
  if (!connection.model) throw new Error('the connection went down');
  return connection.model;
}

/** A session on a channel that confirms what is published on it. */
export const confirmSession = (
  connection: AmqpConnection,
  logger: Logger,
  setUp: (channel: ConfirmChannel) => Promise<void> = noSetUp,
): ChannelSession<ConfirmChannel> =>
  new ChannelSession(connection, logger, async (live) => modelOf(live).createConfirmChannel(), setUp);

/** A session on a plain channel. */
export const plainSession = (
  connection: AmqpConnection,
  logger: Logger,
  setUp: (channel: Channel) => Promise<void> = noSetUp,
): ChannelSession<Channel> =>
  new ChannelSession(connection, logger, async (live) => modelOf(live).createChannel(), setUp);
