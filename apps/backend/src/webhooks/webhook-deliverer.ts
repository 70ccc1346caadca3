import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import {
  isTransientStoreError,
  noteDelivery,
  readDeliveryOutlook,
  takeDueDeliveries,
  type DueDelivery,
} from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { JobChanges } from '../live/job-changes.js';
import { LOGGER } from '../logging.js';
import { retryDelayMs, webhookHeaders } from './webhook-message.js';
import { WebhookSender } from './webhook-sender.js';

/** Messages that one webhook is sent at once by one backend. */
const OF_EACH = 4;
/** Longer than a try takes: after it another backend may try, since this one is dead. */
const LEASE_MS = 60_000;
/** What other backends store is found at the latest then, and so is their first webhook. */
const LOOK_EVERY_MS = 5_000;
/** Changes come in bursts: one look serves all of a moment. */
const GATHER_MS = 20;
/** The receiver says that it is gone for good. Source: Standard Webhooks 1.0. */
const GONE = 410;

/** Sends what webhooks are to be told, and again what did not go well. Several backends may run: each delivery is one's. */
@Injectable()
export class WebhookDeliverer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly underWay = new Map<string, number>();
  private readonly sending = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopped = false;
  /** Without any, no change is worth a look. */
  private hasWebhooks = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly sender: WebhookSender,
    changes: JobChanges,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    changes.subscribe(() => {
      if (this.hasWebhooks) this.lookIn(GATHER_MS);
    });
  }

  onApplicationBootstrap(): void {
    this.lookIn(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await Promise.all(this.sending);
  }

  /** Call when a webhook was stored or changed, or a delivery for one. */
  wake(): void {
    this.hasWebhooks = true;
    this.lookIn(0);
  }

  private lookIn(ms: number): void {
    const at = Date.now() + ms;
    if (this.stopped || at >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = at;
    this.timer = setTimeout(() => {
      this.dueAt = Infinity;
      this.look();
    }, ms);
  }

  private look(): void {
    this.lookAgain = this.looking !== undefined;
    this.looking ??= this.takeAll().finally(() => {
      this.looking = undefined;
      if (this.lookAgain) this.lookIn(GATHER_MS);
    });
  }

  private async takeAll(): Promise<void> {
    try {
      let taken: number;
      do {
        const due = await takeDueDeliveries(this.dataSource, { busy: this.busy, ofEach: OF_EACH, leaseMs: LEASE_MS });
        for (const delivery of due) this.begin(delivery);
        taken = due.length;
      } while (taken > 0 && !this.stopped);
      // Those that are busy are looked at when they are not any more.
      const { hasWebhooks, nextAt } = await readDeliveryOutlook(this.dataSource, this.busy);
      this.hasWebhooks = hasWebhooks;
      this.lookIn(Math.min(LOOK_EVERY_MS, Math.max(GATHER_MS, (nextAt?.getTime() ?? Infinity) - Date.now())));
    } catch (error) {
      if (isTransientStoreError(error)) this.logger.debug({ err: error }, 'webhooks wait: the database is away');
      else this.logger.error({ err: error }, 'could not look for deliveries');
      this.lookIn(LOOK_EVERY_MS);
    }
  }

  private get busy(): string[] {
    return [...this.underWay].filter(([, count]) => count >= OF_EACH).map(([id]) => id);
  }

  private begin(delivery: DueDelivery): void {
    const { webhookId } = delivery;
    this.underWay.set(webhookId, (this.underWay.get(webhookId) ?? 0) + 1);
    const sending = this.deliver(delivery)
      .catch((error: unknown) => {
        // It is sent again after the lease: a receiver knows its id.
        this.logger.warn({ err: error, delivery: delivery.id }, 'could not note how a delivery went');
      })
      .finally(() => {
        const left = (this.underWay.get(webhookId) ?? 1) - 1;
        if (left > 0) this.underWay.set(webhookId, left);
        else this.underWay.delete(webhookId);
        this.sending.delete(sending);
        this.lookIn(GATHER_MS);
      });
    this.sending.add(sending);
  }

  private async deliver({ id, messageId, payload, attempts, url, secrets }: DueDelivery): Promise<void> {
    const body = JSON.stringify(payload);
    const headers = webhookHeaders({ messageId, sentAt: new Date(), body, secrets });
    const { status, body: answer, durationMs, error } = await this.sender.send(url, headers, body);
    const gone = status === GONE;
    const retryInMs = error === null || gone ? null : retryDelayMs(attempts, Math.random());
    await noteDelivery(this.dataSource, {
      ...{ id, attempts, durationMs, error, gone, retryInMs, responseStatus: status, responseBody: answer },
      status: error === null ? 'delivered' : retryInMs === null ? 'failed' : 'pending',
    });
  }
}
