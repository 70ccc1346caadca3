import { EXCHANGE, workflowEvent, type WorkflowEvent } from '@reelay/contracts';
import type { OutgoingMessage, PublishOutcome } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Broker } from '../../apps/backend/dist/broker/broker.js';
import { WorkflowEventsPublisher } from '../../apps/backend/dist/live/workflow-events.publisher.js';
import { golden, onTheWire } from './golden.js';

describe('a workflow event', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-02-13T10:30:00.123Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is what the backend publishes, under a key that subscribers can bind to', () => {
    const messages: OutgoingMessage[] = [];
    const publish = (message: OutgoingMessage): Promise<PublishOutcome> => {
      messages.push(message);
      return Promise.resolve('routed');
    };
    const broker = { publisher: { publish } } as unknown as Broker;
    const publisher = new WorkflowEventsPublisher(broker, createLogger({ name: 'contract', level: 'silent' }));
    const { at: _, ...event } = golden('workflow-event') as WorkflowEvent;
    publisher.publish([event]);
    expect(messages.map(({ content }) => onTheWire(content))).toStrictEqual([golden('workflow-event')]);
    expect(messages).toMatchObject([
      { exchange: EXCHANGE.jobEvents, routingKey: `workflow.${event.workflowId}.running` },
    ]);
  });

  it('is read by subscribers without a loss', () => {
    expect(workflowEvent.parse(golden('workflow-event'))).toStrictEqual(golden('workflow-event'));
  });
});
