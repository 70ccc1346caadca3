import { describe, expect, it } from 'vitest';
import { AdminToken } from './admin-token.js';

describe('AdminToken', () => {
  const token = new AdminToken('correct horse battery staple, and more');

  it('matches itself only', () => {
    expect(token.matches('correct horse battery staple, and more')).toBe(true);
    for (const other of ['', 'correct horse', 'correct horse battery staple, and more ']) {
      expect(token.matches(other)).toBe(false);
    }
  });

  it('is not kept in readable form', () => {
    expect(JSON.stringify(token)).not.toContain('horse');
  });
});
