import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filmPosition, libraryPath } from './fields.js';

const fits = (path: unknown): boolean => libraryPath.safeParse(path).success;
const faultOf = (path: string): string | undefined => libraryPath.safeParse(path).error?.issues[0]?.message;

describe('libraryPath', () => {
  it.each([
    'a.mp4',
    'videos/2026/a film.mp4',
    '-it\'s "x" %03d ü; rm -rf.mp4',
    '..hidden/a..b',
    'a/...',
    '$(id)/`id`',
    'видео/映画.mkv',
    'x'.repeat(1024),
  ])('takes %j', (path) => {
    expect(libraryPath.parse(path)).toBe(path);
  });

  it.each(['..', '../a', 'a/../b', 'a/..', '..\\a', 'a\\..\\b', 'a/../../../etc/passwd'])(
    'refuses %j as leading out of the library',
    (path) => {
      expect(faultOf(path)).toBe('must not contain ".."');
    },
  );

  it.each(['/etc/passwd', '//host/share', 'C:\\x', 'c:/x'])('refuses %j as absolute', (path) => {
    expect(faultOf(path)).toBe('must be relative to the library');
  });

  it.each(['http://x/y', 'file:x', 'concat:a|b', 'pipe:1', 'data:video/mp4,', 'C:x', 'x-1.y+z:a'])(
    'refuses %j as a URL',
    (path) => {
      expect(faultOf(path)).toBe('must be a path, not a URL');
    },
  );

  it.each(['a\0b', 'a\nb', 'a\r\nb', '\ta', 'a\u001b[0m', 'a\u007f'])('refuses control characters: %j', (path) => {
    expect(faultOf(path)).toBe('must not contain control characters');
  });

  it('refuses what is empty, and what is longer than 1024 bytes', () => {
    expect(fits('')).toBe(false);
    expect(fits('x'.repeat(1025))).toBe(false);
    expect(fits('é'.repeat(512))).toBe(true);
    expect(faultOf('é'.repeat(513))).toBe('must not be longer than 1024 bytes');
  });

  it.each([1, null, undefined, ['a'], {}])('refuses %j as no text', (path) => {
    expect(fits(path)).toBe(false);
  });

  it('never takes a path whose parts climb, whatever else is in it', () => {
    const parts = fc.array(fc.oneof(fc.constant('..'), fc.stringMatching(/^[a-z.]{1,6}$/)), { minLength: 1 });
    fc.assert(
      fc.property(parts, fc.constantFrom('/', '\\'), (names, separator) => {
        const path = names.join(separator);
        expect(fits(path)).toBe(!names.includes('..') && path.length <= 1024);
      }),
    );
  });
});

describe('filmPosition', () => {
  it.each([
    [0, 0],
    [90.5, 90.5],
    ['90.5', 90.5],
    ['1:30.5', 90.5],
    ['01:00:00', 3600],
    ['100:59:59.25', 363_599.25],
  ])('reads %j as %d seconds', (given, seconds) => {
    expect(filmPosition.parse(given)).toBe(seconds);
  });

  it.each([-1, Number.NaN, 1_000_001, '', '1:60', '1:2:3:4', '-1', '1e3', ' 5', '1:', '12345678'])(
    'refuses %j',
    (given) => {
      expect(filmPosition.safeParse(given).success).toBe(false);
    },
  );
});
