import {
  assertExchanges,
  assertQueue,
  bindQueue,
  Consumer,
  type AmqpConnection,
  type Delivery,
} from '@reelay/messaging';
import { orderQueue } from '@reelay/contracts';
import type { Logger } from '@reelay/platform';

/** An order that finds no free slot is given back after this long: another worker may have one. */
const HOLD_MS = 2_000;

/** An order that was delivered. */
export interface DeliveredOrder {
  readonly jobType: string;
  readonly delivery: Delivery;
}

interface Held extends DeliveredOrder {
  readonly timer: NodeJS.Timeout;
}

export interface IntakeOptions {
  readonly connection: AmqpConnection;
  readonly logger: Logger;
  readonly jobTypes: readonly string[];
  readonly host: string;
  readonly slots: number;
  readonly hasFreeSlot: () => boolean;
  readonly take: (order: DeliveredOrder) => void;
}

/**
 * Takes orders from the queues of the job types, and of those types on this host, while there are
 * free slots. Without one, an order is held for a moment, then given back and no more are taken.
 */
export class OrderIntake {
  private readonly consumers: Consumer[];
  private held: Held[] = [];
  private full = false;
  private stopped = false;

  constructor(private readonly options: IntakeOptions) {
    this.consumers = options.jobTypes.flatMap((jobType) => [
      this.consume(jobType),
      this.consume(jobType, options.host),
    ]);
  }

  /** Waits until every queue is declared and consumed. */
  async whenReady(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.whenReady()));
  }

  /** A slot became free: an order that is held goes first. */
  onSlotFree(): void {
    while (this.held.length > 0 && this.options.hasFreeSlot()) {
      const next = this.held.shift();
      if (!next) return;
      clearTimeout(next.timer);
      this.options.take(next);
    }
    if (this.full && this.options.hasFreeSlot() && !this.stopped) {
      this.full = false;
      for (const consumer of this.consumers) void consumer.resume();
    }
  }

  /** Takes the order that fits out of those that are held; null when there is none. */
  withdraw(fits: (delivery: Delivery) => boolean): DeliveredOrder | null {
    const found = this.held.find(({ delivery }) => fits(delivery));
    if (!found) return null;
    clearTimeout(found.timer);
    this.held = this.held.filter((held) => held !== found);
    return found;
  }

  /** Takes no more orders until `resume`, on no later connection either; what is held goes back. */
  async pause(): Promise<void> {
    this.stopped = true;
    const held = this.held.splice(0);
    for (const { timer } of held) clearTimeout(timer);
    await this.giveBack(held.map(({ delivery }) => delivery));
  }

  async resume(): Promise<void> {
    this.stopped = false;
    this.full = false;
    await Promise.all(this.consumers.map((consumer) => consumer.resume()));
  }

  /** Declares the queues and their bindings again: an operator may have removed them. */
  async declareAgain(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.declareAgain()));
  }

  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.close()));
  }

  private consume(jobType: string, host?: string): Consumer {
    const { queue, binding } = orderQueue(jobType, host);
    return new Consumer(this.options.connection, this.options.logger, {
      queue: queue.name,
      prefetch: this.options.slots,
      setUp: async (channel) => {
        await assertExchanges(channel, 'worker');
        await assertQueue(channel, { name: 'job_order_dead', arguments: {} });
        await assertQueue(channel, queue);
        await bindQueue(channel, binding);
      },
      onDelivery: (delivery) => {
        // It was on its way when the intake was paused.
        if (this.stopped) void this.giveBack([delivery]);
        else if (this.options.hasFreeSlot()) this.options.take({ jobType, delivery });
        else this.hold(jobType, delivery);
      },
    });
  }

  private hold(jobType: string, delivery: Delivery): void {
    const timer = setTimeout(() => {
      this.held = this.held.filter((held) => held.delivery !== delivery);
      this.full = true;
      void this.giveBack([delivery]);
    }, HOLD_MS);
    this.held.push({ jobType, delivery, timer });
  }

  /** The consumers are cancelled first: the broker would deliver the orders here again at once. */
  private async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.pause()));
    for (const delivery of deliveries) delivery.nack({ requeue: true });
  }
}
