import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY_POLICY, decideRetry, survivesLoss, type RetryPolicy } from './retry.js';

const NOW = new Date('2026-02-13T10:00:00.000Z');
const MINUTE_MS = 60_000;

/** How long after now the job is tried again, in ms; null when it is not. */
function delayOf(
  attempt: { retryCount: number; maxRetries?: number; retryable?: boolean },
  policy?: RetryPolicy,
  random?: number,
): number | null {
  const decision = decideRetry({ maxRetries: 100, retryable: true, ...attempt }, NOW, policy, random);
  return decision.retry ? decision.at.getTime() - NOW.getTime() : null;
}

describe('decideRetry', () => {
  it.each([
    [0, 2],
    [1, 4],
    [2, 8],
  ])('after %i retries waits %i minutes', (retryCount, minutes) => {
    expect(delayOf({ retryCount })).toBe(minutes * MINUTE_MS);
  });

  it('never waits longer than the cap, however many retries there were', () => {
    expect(delayOf({ retryCount: 4 })).toBe(32 * MINUTE_MS);
    expect(delayOf({ retryCount: 5 })).toBe(DEFAULT_RETRY_POLICY.capMs);
    expect(delayOf({ retryCount: 5_000, maxRetries: 10_000 })).toBe(DEFAULT_RETRY_POLICY.capMs);
  });

  it('lets chance add up to its share, and never take away', () => {
    expect(delayOf({ retryCount: 0 }, DEFAULT_RETRY_POLICY, 0)).toBe(120_000);
    expect(delayOf({ retryCount: 0 }, DEFAULT_RETRY_POLICY, 0.5)).toBe(126_000);
    expect(delayOf({ retryCount: 0 }, DEFAULT_RETRY_POLICY, 1)).toBe(132_000);
  });

  it('does not retry what a retry does not help', () => {
    expect(delayOf({ retryCount: 0, retryable: false })).toBeNull();
  });

  it.each([
    [2, 3, true],
    [3, 3, false],
    [4, 3, false],
    [0, 0, false],
  ])('with %i retries of %i used: retry is %s', (retryCount, maxRetries, retry) => {
    expect(delayOf({ retryCount, maxRetries }) !== null).toBe(retry);
  });

  it('stays between the capped delay and that delay with all of its jitter', () => {
    const policies = fc.record({
      baseMs: fc.integer({ min: 1, max: 600_000 }),
      capMs: fc.integer({ min: 1, max: 86_400_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      maxLosses: fc.nat(10),
    });
    fc.assert(
      fc.property(
        policies,
        fc.nat(30),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (policy, retryCount, less, more) => {
          const least = Math.min(policy.capMs, policy.baseMs * 2 ** retryCount);
          const delay = delayOf({ retryCount }, policy, Math.min(less, more))!;
          expect(delay).toBeGreaterThanOrEqual(least);
          expect(delay).toBeLessThanOrEqual(Math.round(least * (1 + policy.jitter)));
          expect(delayOf({ retryCount }, policy, Math.max(less, more))!).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });
});

describe('survivesLoss', () => {
  it('gives a job that lost its worker to another one, but not for ever', () => {
    expect([0, 1, 2, 3, 4].map((lossCount) => survivesLoss(lossCount))).toEqual([true, true, true, false, false]);
  });

  it('follows the policy', () => {
    expect(survivesLoss(0, { ...DEFAULT_RETRY_POLICY, maxLosses: 0 })).toBe(false);
  });
});
