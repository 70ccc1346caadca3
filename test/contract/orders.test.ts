import { orderMessage, orderQueue, type OrderMessage } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { toOrderMessage } from '../../apps/backend/dist/dispatch/order.js';
import { decodeOrder } from '../../libs/worker-sdk/dist/pipeline.js';
import { golden, JOB_ID, onTheWire } from './golden.js';

type OrderToSend = Parameters<typeof toOrderMessage>[0];

/** What the backend holds of the job whose order each golden message is. */
const ORDERS: Readonly<Record<string, OrderToSend>> = {
  order: {
    attemptId: 1234,
    jobId: JOB_ID,
    workflowId: null,
    number: 2,
    type: 'reencode_streaming',
    params: { source_path: 'inbox/a.mp4', crf: 23 },
    priority: 5,
    target: null,
    device: null,
    vramMb: 0,
  },
  'order-thumbnail': {
    attemptId: 1235,
    jobId: JOB_ID,
    workflowId: null,
    number: 1,
    type: 'thumbnail_generate',
    params: { inputPath: 'inbox/a.mp4', timestamp: 12, width: 640 },
    priority: 1,
    target: 'encoder-2',
    device: null,
    vramMb: 0,
  },
};

describe('an order', () => {
  it.each(Object.entries(ORDERS))('%s is what the backend sends', (name, order) => {
    expect(onTheWire(toOrderMessage(order).content)).toStrictEqual(golden(name));
  });

  it.each(Object.entries(ORDERS))('%s reaches the queue that its worker declares', (_, order) => {
    const { exchange, routingKey, correlationId, priority } = toOrderMessage(order);
    const { binding } = orderQueue(order.type, order.target ?? undefined);
    expect({ exchange, key: routingKey }).toEqual({ exchange: binding.exchange, key: binding.key });
    expect(correlationId).toBe(order.jobId);
    expect(priority).toBe(10 - order.priority);
  });

  it.each([...Object.keys(ORDERS), 'order-traced', 'order-placed'])(
    '%s is read by the worker without a loss',
    (name) => {
      const received: OrderMessage = decodeOrder(Buffer.from(JSON.stringify(golden(name))));
      expect(received).toStrictEqual(golden(name));
    },
  );

  it('that comes back unroutable is read by the backend', () => {
    expect(orderMessage.parse(golden('order')).job_id).toBe(1234);
  });
});
