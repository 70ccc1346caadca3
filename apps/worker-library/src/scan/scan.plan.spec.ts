import type { KnownFile } from '@reelay/contracts';
import type { FoundFile } from '@reelay/media';
import { describe, expect, it } from 'vitest';
import { judgePair, pairUp, stillHolds, type Pair } from './scan.plan.js';

const MODIFIED = '2026-02-13T10:30:00.123Z';
const file = (path: string): FoundFile => ({
  path,
  absolute: `/library/${path}`,
  sizeBytes: 1_000,
  modifiedMs: Date.parse(MODIFIED),
});
const known = (path: string, differently: Partial<KnownFile> = {}): KnownFile => ({
  path,
  size_bytes: 1_000,
  modified_at: MODIFIED,
  fingerprint: 'f1',
  missing: false,
  inspected: true,
  ...differently,
});

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

async function pairsOf(files: readonly string[], records: readonly string[]): Promise<string[]> {
  const pairs: string[] = [];
  for await (const pair of pairUp(each(files.map(file)), each(records.map((path) => known(path))))) {
    pairs.push(`${pair.file?.path ?? '-'} ${pair.known?.path ?? '-'}`);
  }
  return pairs;
}

describe('pairUp', () => {
  it('puts together what is on the disk and what is on record', async () => {
    expect(await pairsOf(['a', 'c', 'd'], ['b', 'c', 'e'])).toEqual(['a -', '- b', 'c c', 'd -', '- e']);
    expect(await pairsOf([], ['a'])).toEqual(['- a']);
    expect(await pairsOf(['a'], [])).toEqual(['a -']);
    expect(await pairsOf([], [])).toEqual([]);
  });

  it('goes by the bytes of UTF-8, as the database does, and not by UTF-16', async () => {
    const byBytes = ['a.mp4', 'a/b.mp4', 'ä.mp4', '\uff5e.mp4', '\u{1f600}.mp4'];
    expect(await pairsOf(byBytes, byBytes)).toEqual(byBytes.map((path) => `${path} ${path}`));
  });
});

describe('judgePair', () => {
  const pair = (differently: Partial<KnownFile> = {}): Pair => ({ file: file('a'), known: known('a', differently) });

  it('leaves alone what has the size and time that are on record', () => {
    expect(judgePair(pair(), true)).toEqual({ kind: 'unchanged' });
  });

  it.each<[string, Partial<KnownFile>]>([
    ['of another size', { size_bytes: 999 }],
    ['of another time', { modified_at: '2026-02-13T10:30:00.124Z' }],
    ['that no scan has seen', { modified_at: null }],
    ['that was missing', { missing: true }],
    ['that was never probed', { inspected: false }],
  ])('looks into a file %s', (_, differently) => {
    expect(judgePair(pair(differently), true).kind).toBe('doubtful');
  });

  it('looks into every file when records are not trusted', () => {
    expect(judgePair(pair(), false).kind).toBe('doubtful');
  });

  it('tells new files from those that are gone, and says of a missing one no second time that it is', () => {
    expect(judgePair({ file: file('a'), known: null }, true).kind).toBe('new');
    expect(judgePair({ file: null, known: known('a') }, true).kind).toBe('gone');
    expect(judgePair({ file: null, known: known('a', { missing: true }) }, true).kind).toBe('unchanged');
  });
});

describe('stillHolds', () => {
  it('trusts a record with the same content, or one that a job made of a file of this size', () => {
    expect(stillHolds(known('a'), file('a'), 'f1')).toBe(true);
    expect(stillHolds(known('a', { fingerprint: null }), file('a'), 'f1')).toBe(true);
    expect(stillHolds(known('a'), file('a'), 'f2')).toBe(false);
    expect(stillHolds(known('a', { fingerprint: null, size_bytes: 5 }), file('a'), 'f1')).toBe(false);
    expect(stillHolds(known('a', { inspected: false }), file('a'), 'f1')).toBe(false);
  });
});
