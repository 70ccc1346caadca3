import type { OrderToSend } from '@reelay/persistence';
import { describe, expect, it } from 'vitest';
import { toOrderMessage } from './order.js';

const order: OrderToSend = {
  attemptId: 1234,
  jobId: '770e8400-e29b-41d4-a716-446655440002',
  workflowId: null,
  number: 2,
  type: 'thumbnail_generate',
  params: { inputPath: 'inbox/a.mp4', timestamp: 12 },
  priority: 5,
  target: null,
  device: null,
  vramMb: 0,
};

describe('toOrderMessage', () => {
  it('goes to the queue of its type, or of its type on its host', () => {
    expect(toOrderMessage(order)).toMatchObject({ exchange: 'job_submit', routingKey: 'thumbnail_generate' });
    expect(toOrderMessage({ ...order, target: 'encoder-2' }).routingKey).toBe('thumbnail_generate@encoder-2');
  });

  it.each([
    [1, 9],
    [5, 5],
    [10, 0],
  ])('turns priority %i into AMQP priority %i, which counts the other way round', (priority, amqp) => {
    expect(toOrderMessage({ ...order, priority }).priority).toBe(amqp);
  });

  it("is identified by its attempt, and correlated by its job's UUID", () => {
    const message = toOrderMessage(order);
    expect(message.correlationId).toBe(order.jobId);
    expect(message.content).toMatchObject({
      job_id: 1234,
      reelay: { job: order.jobId, attempt: 2, type: 'thumbnail_generate' },
    });
  });

  it("types parameters by the job type's schema, and by their values where the type is unknown", () => {
    expect(toOrderMessage(order).content).toMatchObject({
      parameters: [
        { id: 'inputPath', type: 'string' },
        { id: 'timestamp', type: 'float', value: 12 },
      ],
    });
    expect(toOrderMessage({ ...order, type: 'speech_to_text' }).content).toMatchObject({
      parameters: [
        { id: 'inputPath', type: 'string' },
        { id: 'timestamp', type: 'integer', value: 12 },
      ],
    });
  });
});
