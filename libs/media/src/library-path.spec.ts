import { describe, expect, it } from 'vitest';
import { MediaError } from './errors.js';
import { attemptOfPartial, extensionOf, outputBaseName, partialName, safeLibraryPath } from './library-path.js';

const codeOf = (path: string): string => {
  try {
    return safeLibraryPath(path);
  } catch (error) {
    return error instanceof MediaError ? error.code : String(error);
  }
};

describe('safeLibraryPath', () => {
  it.each(['../x', 'a/../../x', 'a\\..\\x', '/etc/passwd', 'C:\\x', 'file:x', 'http://x/y', 'a\0b', 'a\nb', 'a\u007f'])(
    'refuses %j as leading out of the library',
    (path) => {
      expect(codeOf(path)).toBe('PATH_OUTSIDE_LIBRARY');
    },
  );

  it.each(['', '.', './', 'é'.repeat(128), `${'a/'.repeat(600)}b`])('refuses %j as no name', (path) => {
    expect(codeOf(path)).toBe('INVALID_PARAMETERS');
  });

  it.each([
    ['videos/a.mp4', 'videos/a.mp4'],
    ['videos//./a.mp4', 'videos/a.mp4'],
    ['videos/', 'videos'],
    [`-it's "x" %03d ü;.mp4`, `-it's "x" %03d ü;.mp4`],
    ['..hidden/a..b', '..hidden/a..b'],
  ])('takes %j', (path, tidy) => {
    expect(codeOf(path)).toBe(tidy);
  });
});

describe('names made from others', () => {
  it('take the base name of the input', () => {
    expect(outputBaseName('inbox/my film.final.MOV')).toBe('my film.final');
    expect(outputBaseName('inbox/.mp4')).toBe('mp4');
    expect(outputBaseName('inbox/...')).toBe('video');
    expect(extensionOf('a/b.MP4')).toBe('mp4');
  });

  it('fit into a file system without cutting a character in two', () => {
    const base = outputBaseName(`${'ü'.repeat(120)}.mp4`);
    expect(base).toBe('ü'.repeat(80));
    expect(Buffer.byteLength(partialName(`${base}.mp4`, `${'0'.repeat(36)}_123456789`))).toBeLessThan(255);
  });

  it('hide a partial output, keep its extension last, and say whose it is', () => {
    expect(partialName('film.mp4', 'job_7')).toBe('.film.job_7.partial.mp4');
    expect(attemptOfPartial('.film.job_7.partial.mp4')).toBe('job_7');
    expect(attemptOfPartial('film.job_7.partial.mp4')).toBeNull();
    expect(attemptOfPartial('.film.mp4')).toBeNull();
  });
});
