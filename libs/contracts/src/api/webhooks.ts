import { z } from 'zod';
import { JOB_STATUSES } from '../messages/job-event.js';
import { JOB_TYPE_PATTERN } from '../topology.js';
import { WORKFLOW_STATUSES } from '../workflows/workflow-event.js';
import { cursorPagination, cursorQuery, listOf } from './paging.js';

/** What webhooks can be told of: each state that a job or a workflow enters. */
const WEBHOOK_EVENTS = [
  ...JOB_STATUSES.map((status) => `job.${status}` as const),
  ...WORKFLOW_STATUSES.map((status) => `workflow.${status}` as const),
];

/** Sent by `POST /api/media/webhooks/:id/test`, whatever a webhook asks for. */
export const TEST_EVENT = 'webhook.test';

/** What a webhook asks for: an event, all of one kind, or all. */
const WEBHOOK_PATTERNS = ['*', 'job.*', 'workflow.*', ...WEBHOOK_EVENTS] as const;

const WORKFLOW_ENDS = ['workflow.completed', 'workflow.failed', 'workflow.cancelled'] as const;

/** What a webhook is told of when it does not say: that a job or a workflow has ended. */
const ENDS = ['job.completed', 'job.failed', 'job.cancelled', ...WORKFLOW_ENDS] as const;

const MAX_URL = 2_000;

const webhookUrl = z
  .url({ protocol: /^https?$/ })
  .max(MAX_URL)
  .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), {
    error: 'must not hold a user name or password: the signature tells who sends',
  })
  .describe('Where to POST to; redirects are not followed');

const webhookFields = {
  url: webhookUrl,
  description: z.string().max(500).describe('What it is for'),
  events: z.array(z.enum(WEBHOOK_PATTERNS)).min(1).max(WEBHOOK_PATTERNS.length).describe('What it is told of'),
  jobTypes: z
    .array(z.string().regex(JOB_TYPE_PATTERN))
    .min(1)
    .max(100)
    .nullable()
    .describe('Only of jobs of these types; null: of all. Workflows are told of all the same'),
  enabled: z.boolean().describe('Nothing is sent while it is false, and what happens then is never sent'),
};

/** Body of `POST /api/media/webhooks`. */
export const createWebhookBody = z.strictObject({
  url: webhookFields.url,
  description: webhookFields.description.default(''),
  events: webhookFields.events.default([...ENDS]),
  jobTypes: webhookFields.jobTypes.default(null),
  enabled: webhookFields.enabled.default(true),
});
export type CreateWebhookBody = z.infer<typeof createWebhookBody>;

/** A webhook that is told of one workflow, and goes with it. */
export const workflowWebhook = z.strictObject({
  url: webhookFields.url,
  events: webhookFields.events.default([...WORKFLOW_ENDS]).describe('Of the workflow, and of its jobs'),
});
export type WorkflowWebhook = z.infer<typeof workflowWebhook>;

/** Body of `PATCH /api/media/webhooks/:id`: what is left out stays as it is. */
export const changeWebhookBody = z.strictObject(webhookFields).partial();
export type ChangeWebhookBody = z.infer<typeof changeWebhookBody>;

const timestamp = z.iso.datetime();

/** A webhook. Its secret is shown once, when it is made. */
export const webhookView = z.object({
  id: z.uuid(),
  ...webhookFields,
  url: z.string(),
  events: z.array(z.string()),
  workflowId: z.uuid().nullable().describe('It is told of this workflow only, and goes with it'),
  createdAt: timestamp,
  lastDeliveredAt: timestamp.nullable(),
  failingSince: timestamp.nullable().describe('Since when no try has gone well; null while they do'),
  waiting: z.int().describe('Deliveries that wait to be sent, or sent again'),
});
export type WebhookView = z.infer<typeof webhookView>;

/** A webhook that was made, or got a new secret. */
export const webhookWithSecret = webhookView.extend({
  secret: z.string().describe('`whsec_` and the key in base64; it is not shown again'),
});
export type WebhookWithSecret = z.infer<typeof webhookWithSecret>;

/** Query of `GET /api/media/webhooks`. */
export const listWebhooksQuery = z.strictObject({
  workflowId: z.uuid().optional().describe('Those of this workflow; left out, those of none'),
});
export type ListWebhooksQuery = z.infer<typeof listWebhooksQuery>;

/** Answer of `GET /api/media/webhooks`. */
export const webhookList = z.object({ data: z.array(webhookView) });

/** Where a delivery is: it waits for its next try, was taken, or was given up. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Query of `GET /api/media/webhooks/:id/deliveries`. */
export const listDeliveriesQuery = z.strictObject({
  status: listOf(z.enum(DELIVERY_STATUSES)).describe('One or several states'),
  ...cursorQuery,
});
export type ListDeliveriesQuery = z.infer<typeof listDeliveriesQuery>;

/** One event on its way to one webhook. */
export const deliveryView = z.object({
  id: z.uuid(),
  webhookId: z.uuid(),
  messageId: z.string().describe('The `webhook-id` header: the same for every try and every replay'),
  event: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  attempts: z.int().describe('Tries so far'),
  nextAttemptAt: timestamp.nullable(),
  lastAttemptAt: timestamp.nullable(),
  responseStatus: z.int().nullable().describe('HTTP status of the last try'),
  responseBody: z.string().nullable().describe('The beginning of what it answered'),
  durationMs: z.int().nullable().describe('How long the last try took'),
  error: z.string().nullable().describe('Why the last try did not go well'),
  replayOf: z.uuid().nullable().describe('The delivery that it repeats'),
  createdAt: timestamp,
  payload: z.record(z.string(), z.unknown()).describe('The body'),
});
export type DeliveryView = z.infer<typeof deliveryView>;

/** A page of deliveries, newest first. */
export const deliveryPage = z.object({
  data: z.array(deliveryView),
  pagination: cursorPagination,
});
export type DeliveryPage = z.infer<typeof deliveryPage>;
