import {
  encodeParameters,
  EXCHANGE,
  JOB_CONTRACTS,
  orderRoutingKey,
  parametersJsonSchema,
  type JsonSchema,
  type OrderMessage,
} from '@reelay/contracts';
import type { OutgoingMessage } from '@reelay/messaging';
import type { OrderToSend } from '@reelay/persistence';

const SCHEMAS: ReadonlyMap<string, JsonSchema> = new Map(
  [...JOB_CONTRACTS].map(([type, contract]) => [type, parametersJsonSchema(contract)]),
);

/** AMQP priorities rise with urgency; ours fall. */
const amqpPriority = (priority: number): number => 10 - priority;

/** The message that asks a worker to run an attempt. */
export function toOrderMessage(order: OrderToSend): OutgoingMessage {
  const content: OrderMessage = {
    job_id: order.attemptId,
    parameters: encodeParameters(order.params, SCHEMAS.get(order.type)),
    reelay: {
      job: order.jobId,
      attempt: order.number,
      type: order.type,
      ...(order.device === null ? {} : { device: order.device, vram_mb: order.vramMb }),
    },
  };
  return {
    exchange: EXCHANGE.jobSubmit,
    routingKey: orderRoutingKey(order.type, order.target),
    content,
    correlationId: order.jobId,
    priority: amqpPriority(order.priority),
  };
}
