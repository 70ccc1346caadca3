import type { StoredMessage } from '@reelay/messaging';
import { describe, expect, it } from 'vitest';
import { isChosen, readParked } from './parked-message.js';

const stored = (facts: Partial<StoredMessage>): StoredMessage => ({
  content: Buffer.from('{}'),
  headers: {},
  messageId: 'm1',
  correlationId: null,
  timestamp: 1_771_000_000,
  ...facts,
});

describe('a parked message', () => {
  it('that the backend parked says where it came from, and why', () => {
    const headers = {
      'x-reelay-reason': 'not JSON',
      'x-reelay-queue': 'job_error',
      'x-reelay-exchange': '',
      'x-reelay-routing-key': 'job_error',
    };
    expect(readParked(stored({ headers }), 'job_response_dead')).toMatchObject({
      id: 'm1',
      queue: 'job_error',
      reason: 'not JSON',
      exchange: '',
      routingKey: 'job_error',
      parkedAt: '2026-02-13T16:26:40.000Z',
    });
  });

  it('that the broker moved is described by what the broker noted first', () => {
    const death = {
      queue: 'job_completed',
      reason: 'delivery_limit',
      exchange: 'job_response',
      'routing-keys': ['job_completed'],
      time: { '!': 'timestamp', value: 1_771_000_060 },
    };
    const older = { ...death, queue: 'another' };
    expect(readParked(stored({ headers: { 'x-death': [death, older] } }), 'job_response_dead')).toMatchObject({
      queue: 'job_completed',
      reason: 'delivered too often without being settled',
      exchange: 'job_response',
      routingKey: 'job_completed',
      parkedAt: '2026-02-13T16:27:40.000Z',
    });
  });

  it('of unknown origin is shown, and says so', () => {
    const one = readParked(stored({ messageId: null, timestamp: null }), 'job_order_dead');
    expect(one).toMatchObject({ queue: null, exchange: null, routingKey: null, reason: 'unknown', parkedAt: null });
    expect(readParked(stored({ messageId: null, timestamp: null }), 'job_order_dead').id).toBe(one.id);
  });

  it('shows the beginning of a large body, whatever its characters are', () => {
    const { body, size } = readParked(stored({ content: Buffer.from('𝄞'.repeat(3_000)) }), 'job_response_dead');
    expect([body.length, size]).toEqual([2_000, 12_000]);
  });

  it.each([
    [{ ids: ['m1'] }, true],
    [{ ids: ['m2'] }, false],
    [{ reason: 'JSON' }, true],
    [{ ids: ['m1'], reason: 'shape' }, false],
  ])('is chosen by %j: %s', (choice, chosen) => {
    const message = readParked(stored({ headers: { 'x-reelay-reason': 'not JSON' } }), 'job_response_dead');
    expect(isChosen(choice, message)).toBe(chosen);
  });
});
