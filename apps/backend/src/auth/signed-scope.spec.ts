import { describe, expect, it } from 'vitest';
import { readScope, signScope } from './signed-scope.js';

const key = Buffer.from('a key that nobody knows');
const signed = signScope({ purpose: 'packages', scope: 'packages/a film', expiresAt: 2_000 }, key);

describe('a signed scope', () => {
  it('gives back what it was made for, until its time is over', () => {
    expect(readScope(signed, 'packages', key, 1_999)).toBe('packages/a film');
    expect(readScope(signed, 'packages', key, 2_000)).toBeNull();
  });

  it('fits into one part of a path', () => {
    expect(signed).toMatch(/^[\w.-]+$/);
  });

  it('is worth nothing with another key, for another purpose, or changed', () => {
    const [payload = '', signature = ''] = signed.split('.');
    const other = Buffer.from(JSON.stringify(['packages/other', 9_999])).toString('base64url');
    expect(readScope(signed, 'packages', Buffer.from('another key'), 0)).toBeNull();
    expect(readScope(signed, 'downloads', key, 0)).toBeNull();
    for (const token of ['', '.', payload, `${payload}.`, `${other}.${signature}`, `${signed}.x`, `${signed}x`]) {
      expect(readScope(token, 'packages', key, 0)).toBeNull();
    }
  });
});
