import { Injectable } from '@nestjs/common';
import {
  TEST_EVENT,
  type ChangeWebhookBody,
  type CreateWebhookBody,
  type DeliveryPage,
  type DeliveryView,
  type ListDeliveriesQuery,
  type ListWebhooksQuery,
  type WebhookView,
  type WebhookWithSecret,
} from '@reelay/contracts';
import {
  addDelivery,
  deleteWebhook,
  findDelivery,
  findWebhook,
  insertWebhook,
  listDeliveries,
  listWebhooks,
  replaceSecret,
  updateWebhook,
  type DeliveryRecord,
  type WebhookRecord,
} from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { placeOf } from '../http/cursor.js';
import { cutPage } from '../http/page.js';
import { newSecret } from './webhook-message.js';
import { WebhookDeliverer } from './webhook-deliverer.js';

/** The one order of a list of deliveries. */
const ORDER = '-createdAt';

/** How long receivers may go on with the secret that was renewed. */
const SECRET_OVERLAP_MS = 24 * 60 * 60 * 1000;

/** The webhooks, and what they were told. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly deliverer: WebhookDeliverer,
  ) {}

  /** Those of a workflow, or of none. */
  async list({ workflowId }: ListWebhooksQuery): Promise<WebhookView[]> {
    return (await listWebhooks(this.dataSource, workflowId ?? null)).map(webhookViewOf);
  }

  /** @throws {ApiError} 404 */
  async get(id: string): Promise<WebhookView> {
    const webhook = await findWebhook(this.dataSource, id);
    if (webhook === null) throw noWebhook(id);
    return webhookViewOf(webhook);
  }

  async create(body: CreateWebhookBody): Promise<WebhookWithSecret> {
    const secret = newSecret();
    const id = await insertWebhook(this.dataSource, { ...body, secret });
    this.deliverer.wake();
    return { ...(await this.get(id)), secret };
  }

  /** What waits to be sent goes to the new address. @throws {ApiError} 404 */
  async change(id: string, body: ChangeWebhookBody): Promise<WebhookView> {
    await updateWebhook(this.dataSource, id, body);
    const webhook = await this.get(id);
    this.deliverer.wake();
    return webhook;
  }

  /** Messages are signed with the old one too for a day. @throws {ApiError} 404 */
  async renewSecret(id: string): Promise<WebhookWithSecret> {
    const secret = newSecret();
    await replaceSecret(this.dataSource, id, secret, SECRET_OVERLAP_MS);
    return { ...(await this.get(id)), secret };
  }

  /** @throws {ApiError} 404 */
  async delete(id: string): Promise<void> {
    if (!(await deleteWebhook(this.dataSource, id))) throw noWebhook(id);
  }

  /** Sends something to try it. @throws {ApiError} 404, 409 */
  async test(id: string): Promise<DeliveryView> {
    const { enabled, events } = await this.get(id);
    if (!enabled) throw disabled(id);
    const payload = { type: TEST_EVENT, timestamp: new Date().toISOString(), data: { webhookId: id, events } };
    return this.add({ webhookId: id, event: TEST_EVENT, payload });
  }

  /** Newest first. @throws {ApiError} 404; 400 for a bad cursor */
  async deliveries(id: string, { status, limit, cursor }: ListDeliveriesQuery): Promise<DeliveryPage> {
    await this.get(id);
    const from = cursor === undefined ? null : placeOf(cursor, ORDER, 1);
    const after = from === null ? null : { place: from.keys[0] ?? '', id: from.id };
    const rows = await listDeliveries(this.dataSource, id, { status, after, limit: limit + 1 });
    const { shown, nextCursor } = cutPage(rows, limit, ORDER, ({ place, id }) => ({ keys: [place], id }));
    return { data: shown.map(deliveryViewOf), pagination: { limit, nextCursor } };
  }

  /** @throws {ApiError} 404 */
  async delivery(id: string): Promise<DeliveryView> {
    return deliveryViewOf(await this.findDelivery(id));
  }

  /** Sends the same message once more, whatever became of it. @throws {ApiError} 404, 409 */
  async replay(id: string): Promise<DeliveryView> {
    const { webhookId, event, payload, messageId } = await this.findDelivery(id);
    if (!(await this.get(webhookId)).enabled) throw disabled(webhookId);
    return this.add({ webhookId, event, payload, messageId, replayOf: id });
  }

  private async add(delivery: Parameters<typeof addDelivery>[1]): Promise<DeliveryView> {
    const id = await addDelivery(this.dataSource, delivery);
    this.deliverer.wake();
    return this.delivery(id);
  }

  private async findDelivery(id: string): Promise<DeliveryRecord> {
    const delivery = await findDelivery(this.dataSource, id);
    if (delivery === null) throw new ApiError(404, 'DELIVERY_NOT_FOUND', `There is no delivery ${id}`);
    return delivery;
  }
}

const noWebhook = (id: string): ApiError => new ApiError(404, 'WEBHOOK_NOT_FOUND', `There is no webhook ${id}`);

const disabled = (id: string): ApiError =>
  new ApiError(409, 'WEBHOOK_DISABLED', `Webhook ${id} is disabled: enable it first, with {"enabled": true}`);

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const webhookViewOf = (webhook: WebhookRecord): WebhookView => ({
  ...webhook,
  createdAt: webhook.createdAt.toISOString(),
  lastDeliveredAt: iso(webhook.lastDeliveredAt),
  failingSince: iso(webhook.failingSince),
});

const deliveryViewOf = ({ place: _, ...delivery }: DeliveryRecord): DeliveryView => ({
  ...delivery,
  messageId: `msg_${delivery.messageId}`,
  nextAttemptAt: iso(delivery.nextAttemptAt),
  lastAttemptAt: iso(delivery.lastAttemptAt),
  createdAt: delivery.createdAt.toISOString(),
});
