import { EXCHANGE, jobEvent } from '@reelay/contracts';
import type { OutgoingMessage, PublishOutcome } from '@reelay/messaging';
import { createLogger } from '@reelay/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Broker } from '../../apps/backend/dist/broker/broker.js';
import { JobChanges } from '../../apps/backend/dist/live/job-changes.js';
import { JobEventsPublisher } from '../../apps/backend/dist/live/job-events.publisher.js';
import { golden, JOB_ID, onTheWire } from './golden.js';

describe('a job event', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-02-13T10:30:00.123Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What the backend publishes about a job that changed. */
  function published(): OutgoingMessage[] {
    const messages: OutgoingMessage[] = [];
    const publish = (message: OutgoingMessage): Promise<PublishOutcome> => {
      messages.push(message);
      return Promise.resolve('routed');
    };
    const changes = new JobChanges();
    new JobEventsPublisher(
      changes,
      { publisher: { publish } } as unknown as Broker,
      createLogger({ name: 'contract', level: 'silent' }),
    );
    changes.report([{ id: JOB_ID, type: 'reencode_streaming', status: 'running', progress: 25, workflowId: null }]);
    return messages;
  }

  it('is what the backend publishes, under a key that subscribers can bind to', () => {
    const [message, ...others] = published();
    expect(others).toEqual([]);
    expect(onTheWire(message?.content)).toStrictEqual(golden('job-event'));
    expect(message).toMatchObject({ exchange: EXCHANGE.jobEvents, routingKey: `job.${JOB_ID}.running` });
  });

  it('is read by subscribers without a loss', () => {
    expect(jobEvent.parse(golden('job-event'))).toStrictEqual(golden('job-event'));
  });
});
