import { EXCHANGE } from '@reelay/contracts';
import { decodeMessage, type Consumer, type Delivery } from '@reelay/messaging';
import type { Logger } from '@reelay/platform';
import { Observable, Subject } from 'rxjs';
import type { z } from 'zod';
import type { Broker } from '../broker/broker.js';

/** An event with the id by which a client can ask for what came after it. */
export interface FeedEvent<T> {
  readonly eventId: string;
  readonly event: T;
}

/** Events that are kept for clients that come back. Older ones are read from the API. */
const KEPT_EVENTS = 10_000;

/** Events from all backends, as this one hears them, with the last ones kept. */
export class KeptFeed<T> {
  private readonly kept: FeedEvent<T>[] = [];
  private readonly subject = new Subject<FeedEvent<T>>();
  private consumer: Consumer | undefined;

  constructor(
    private readonly broker: Broker,
    private readonly logger: Logger,
    /** The routing keys of the events. */
    private readonly keys: readonly string[],
    private readonly schema: z.ZodType<T>,
  ) {}

  open(): void {
    this.consumer = this.broker.listen(EXCHANGE.jobEvents, this.keys, (delivery) => {
      this.receive(delivery);
    });
  }

  async close(): Promise<void> {
    this.subject.complete();
    await this.consumer?.close();
  }

  /**
   * Events from now on, after those that came since `lastEventId`.
   * Emits null first where that event is not kept any more: the client has missed some.
   */
  stream(lastEventId: string | null): Observable<FeedEvent<T> | null> {
    return new Observable((subscriber) => {
      if (lastEventId !== null) {
        const index = this.kept.findIndex(({ eventId }) => eventId === lastEventId);
        if (index < 0) subscriber.next(null);
        else for (const missed of this.kept.slice(index + 1)) subscriber.next(missed);
      }
      return this.subject.subscribe(subscriber);
    });
  }

  private receive(delivery: Delivery): void {
    delivery.ack();
    try {
      const { messageId } = delivery.message.properties as { messageId?: unknown };
      if (typeof messageId !== 'string') return;
      const heard = { eventId: messageId, event: decodeMessage(this.schema, delivery.message.content) };
      this.kept.push(heard);
      // In blocks, since cutting off the front moves all that is behind it.
      if (this.kept.length > 2 * KEPT_EVENTS) this.kept.splice(0, KEPT_EVENTS);
      this.subject.next(heard);
    } catch (error) {
      this.logger.warn({ err: error }, 'ignored an event');
    }
  }
}
