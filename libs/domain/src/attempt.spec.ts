import { describe, expect, it } from 'vitest';
import { LEASE_MS, livenessMs, SILENCE_LIMIT_MS } from './attempt.js';

describe('livenessMs', () => {
  it('lets a worker miss heartbeats, but never less than a lease', () => {
    expect(livenessMs(10)).toBe(30_000);
    expect(livenessMs(1)).toBe(LEASE_MS);
  });

  it('assumes a limit for a worker that announces no heartbeat', () => {
    expect(livenessMs(null)).toBe(SILENCE_LIMIT_MS);
  });
});
