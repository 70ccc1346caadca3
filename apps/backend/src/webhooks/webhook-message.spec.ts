import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSecret, retryDelayMs, webhookHeaders } from './webhook-message.js';

describe('a message to a webhook', () => {
  it('is signed as Standard Webhooks says: the example of its specification', () => {
    const headers = webhookHeaders({
      messageId: 'p5jXN8AQM9LWM0D4loKWxJek',
      sentAt: new Date(1614265330_999),
      body: '{"test": 2432232314}',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    });
    expect(headers).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      'content-length': '20',
    });
  });

  it('counts its length in bytes', () => {
    const message = { messageId: 'a', sentAt: new Date(0), body: '"é"', secrets: [newSecret()] };
    expect(webhookHeaders(message)['content-length']).toBe('4');
  });

  it('is signed with each key of its webhook, which is long enough for HMAC-SHA256', () => {
    const secrets = [newSecret(), newSecret()];
    expect(secrets[1]).not.toBe(secrets[0]);
    const keys = secrets.map((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'));
    expect(keys.map((key) => key.length)).toEqual([32, 32]);
    const { 'webhook-signature': signature } = webhookHeaders({
      messageId: 'a',
      sentAt: new Date(0),
      body: 'b',
      secrets,
    });
    const expected = keys.map((key) => `v1,${createHmac('sha256', key).update('msg_a.0.b').digest('base64')}`);
    expect(signature).toBe(expected.join(' '));
  });
});

describe('the delay before the next try', () => {
  it('grows with each, and ends after eleven tries in two days', () => {
    const delays = Array.from({ length: 11 }, (_, index) => retryDelayMs(index + 1, 0));
    expect(delays.slice(0, 3)).toEqual([5_000, 30_000, 120_000]);
    expect(delays.at(-1)).toBeNull();
    const known = delays.filter((delay) => delay !== null);
    expect(known).toEqual([...known].sort((a, b) => a - b));
    expect(known.reduce((sum, delay) => sum + delay, 0)).toBeLessThan(2 * 24 * 3_600_000);
  });

  it('is lengthened by chance, by a tenth at most', () => {
    expect([retryDelayMs(1, 0.5), retryDelayMs(1, 1)]).toEqual([5_250, 5_500]);
  });
});
