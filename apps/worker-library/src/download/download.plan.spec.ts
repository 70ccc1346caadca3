import { describe, expect, it } from 'vitest';
import {
  describeUrl,
  judgeAnswer,
  outputName,
  redirectTarget,
  requestHeaders,
  strongEtag,
  type Fetched,
} from './download.plan.js';

const fetched: Fetched = { bytes: 100, etag: '"v1"' };
const range = (text: string, etag = '"v1"') => ({ 'content-range': text, etag });

describe('requestHeaders', () => {
  it('asks for the file as it is, with what the client gave', () => {
    expect(requestHeaders({ 'X-Key': 'k', 'User-Agent': 'me' }, null)).toEqual({
      'user-agent': 'me',
      accept: '*/*',
      'x-key': 'k',
      'accept-encoding': 'identity',
    });
  });

  it('asks for what is missing, and only of the same file', () => {
    expect(requestHeaders({}, fetched)).toMatchObject({ range: 'bytes=100-', 'if-range': '"v1"' });
  });
});

describe('judgeAnswer', () => {
  it.each([
    [200, { 'content-length': '500' }, null, { kind: 'body', from: 0, totalBytes: 500 }],
    [200, {}, null, { kind: 'body', from: 0, totalBytes: null }],
    [200, { 'content-length': '-1' }, null, { kind: 'body', from: 0, totalBytes: null }],
    // The server has no ranges, or the file has changed: all of it comes.
    [200, { 'content-length': '500' }, fetched, { kind: 'body', from: 0, totalBytes: 500 }],
    [206, range('bytes 100-499/500'), fetched, { kind: 'body', from: 100, totalBytes: 500 }],
    [206, { 'content-range': 'bytes 100-499/*' }, fetched, { kind: 'body', from: 100, totalBytes: null }],
    [206, range('bytes 99-499/500'), fetched, { kind: 'restart' }],
    [206, range('bytes 100-499/500', '"v2"'), fetched, { kind: 'restart' }],
    [206, {}, fetched, { kind: 'restart' }],
    [416, range('bytes */100'), fetched, { kind: 'whole' }],
    [416, range('bytes */99'), fetched, { kind: 'restart' }],
    [416, {}, fetched, { kind: 'restart' }],
    [302, { location: '/b' }, fetched, { kind: 'redirect', location: '/b' }],
    [308, { location: 'https://b/' }, null, { kind: 'redirect', location: 'https://b/' }],
  ])('takes %d with %j, %j fetched, as %j', (status, headers, before, verdict) => {
    expect(judgeAnswer(status, headers, before)).toEqual(verdict);
  });

  it.each([
    ...[500, 502, 503, 408, 425, 429].map((status) => [status, true] as const),
    ...[400, 401, 403, 404, 410, 416, 204, 206, 302, 304].map((status) => [status, false] as const),
  ])('takes %d for a failure; another try may help: %s', (status, retryable) => {
    expect(() => judgeAnswer(status, {}, null)).toThrow(
      expect.objectContaining({ code: 'DOWNLOAD_FAILED', retryable }),
    );
  });

  it('refuses a body that is compressed', () => {
    expect(() => judgeAnswer(200, { 'content-encoding': 'gzip' }, null)).toThrow('compressed');
    expect(judgeAnswer(200, { 'content-encoding': 'identity' }, null)).toMatchObject({ kind: 'body' });
  });
});

it('takes strong validators only', () => {
  expect(strongEtag({ etag: '"abc-1"' })).toBe('"abc-1"');
  for (const etag of ['W/"abc"', 'abc', '"a"b"', '', '"a b"']) expect(strongEtag({ etag })).toBeNull();
  expect(strongEtag({})).toBeNull();
});

describe('redirectTarget', () => {
  const from = new URL('https://a.example/x/y?z');

  it('is relative to where it was', () => {
    expect(redirectTarget(from, '../w').href).toBe('https://a.example/w');
    expect(redirectTarget(from, '//b.example/w').href).toBe('https://b.example/w');
  });

  it.each(['file:///etc/passwd', 'ftp://b/', 'http://a.example/x', 'http://[', 'javascript:1'])('is never %s', (to) => {
    expect(() => redirectTarget(from, to)).toThrow(expect.objectContaining({ code: 'URL_REFUSED' }));
  });
});

it('logs no password, and nothing of a query', () => {
  expect(describeUrl(new URL('https://user:secret@a.example:8443/x/y.mp4?sig=secret#f'))).toBe(
    'https://a.example:8443/x/y.mp4?...',
  );
});

describe('outputName', () => {
  const nameOf = (url: string, headers: Record<string, string> = {}): string => {
    const { directory, base, extension } = outputName(new URL(url), headers);
    return `${directory}/${base}.${extension}`;
  };
  const disposed = (value: string): string => nameOf('https://a/x.mp4', { 'content-disposition': value });

  it.each([
    ['https://a/films/Film%20one.MP4?x=/y', 'inbox/Film one.mp4'],
    ['https://a/v1.2/film', 'inbox/film.bin'],
    ['https://a/', 'inbox/download.bin'],
    ['https://a/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 'inbox/passwd.bin'],
    ['https://a/..%5c..%5cx.mp4', 'inbox/x.mp4'],
    ['https://a/.hidden.mp4', 'inbox/hidden.mp4'],
    ['https://a/a%00b%0a%1b[31m.mp4', 'inbox/ab[31m.mp4'],
    ['https://a/%E6%98%A0%E7%94%BB.mkv', 'inbox/映画.mkv'],
    ['https://a/%ff.mp4', 'inbox/%ff.mp4'],
    ['https://a/file:x|y.mp4', 'inbox/file_x_y.mp4'],
    ['https://a/a.verylongextension', 'inbox/a.verylongextension.bin'],
  ])('of %s is %s', (url, name) => {
    expect(nameOf(url)).toBe(name);
  });

  it.each([
    ['attachment; filename="two words.mov"', 'inbox/two words.mov'],
    ['attachment; filename=plain.mkv', 'inbox/plain.mkv'],
    ['attachment; filename="a.mp4"; filename*=UTF-8\'\'na%C3%AFve.mp4', 'inbox/naïve.mp4'],
    ['attachment; filename="../../etc/cron.d/x.mp4"', 'inbox/x.mp4'],
    ['attachment; filename="say \\"hi\\".mp4"', 'inbox/say _hi_.mp4'],
    ['inline', 'inbox/x.mp4'],
    ['attachment; filename=""', 'inbox/download.bin'],
  ])('follows the server, which says %s', (value, name) => {
    expect(disposed(value)).toBe(name);
  });

  it('has an extension by its type where the name has none', () => {
    expect(nameOf('https://a/watch', { 'content-type': 'video/mp4; codecs="avc1"' })).toBe('inbox/watch.mp4');
  });

  it('is short enough for a file system', () => {
    expect(Buffer.byteLength(nameOf(`https://a/${'ü'.repeat(400)}.mp4`))).toBeLessThan(200);
  });
});
