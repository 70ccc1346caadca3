import type { IncomingHttpHeaders } from 'node:http';
import { extensionOf, outputBaseName, type FreeName } from '@reelay/media';
import { JobError } from '@reelay/worker-sdk';

/** Where downloads go that no path was asked for. */
const OUTPUT_FOLDER = 'inbox';

/** Redirects that are followed: more are a loop, or a mistake. */
export const MAX_REDIRECTS = 5;

/** What an earlier connection fetched, and what proves that the rest belongs to it. */
export interface Fetched {
  readonly bytes: number;
  /** A strong one: a weak one stands for the same meaning, not for the same bytes. */
  readonly etag: string;
}

/** What a server's answer means. */
export type Verdict =
  /** Its body goes into the file from this byte on. */
  | { readonly kind: 'body'; readonly from: number; readonly totalBytes: number | null }
  /** All of it was fetched before. */
  | { readonly kind: 'whole' }
  /** What was fetched before is of no use. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'redirect'; readonly location: string };

/** The headers that ask for a file, or for what is missing of it. */
export function requestHeaders(
  given: Readonly<Record<string, string>>,
  fetched: Fetched | null,
): Record<string, string> {
  return {
    'user-agent': 'Reelay',
    accept: '*/*',
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])),
    // Ranges and checksums are of the file, not of what a compression makes of it.
    'accept-encoding': 'identity',
    ...(fetched === null ? {} : { range: `bytes=${String(fetched.bytes)}-`, 'if-range': fetched.etag }),
  };
}

/**
 * What an answer means.
 * @throws {JobError} DOWNLOAD_FAILED when there is nothing to get
 */
export function judgeAnswer(status: number, headers: IncomingHttpHeaders, fetched: Fetched | null): Verdict {
  if ([301, 302, 303, 307, 308].includes(status) && headers.location !== undefined) {
    return { kind: 'redirect', location: headers.location };
  }
  const passing = status >= 500 || [408, 425, 429].includes(status);
  const range = contentRange(headers);
  if (fetched !== null && status === 416) {
    return range?.totalBytes === fetched.bytes ? { kind: 'whole' } : { kind: 'restart' };
  }
  if (status !== 200 && (status !== 206 || fetched === null)) {
    throw new JobError('DOWNLOAD_FAILED', `the server answered with status ${String(status)}`, passing);
  }
  if (!['identity', ''].includes(headers['content-encoding'] ?? '')) {
    throw new JobError('DOWNLOAD_FAILED', 'the server sends the file compressed, though it was asked not to', false);
  }
  if (status === 200 || fetched === null) return { kind: 'body', from: 0, totalBytes: contentLength(headers) };
  const fits = range?.from === fetched.bytes && (headers.etag === undefined || headers.etag === fetched.etag);
  return fits ? { kind: 'body', from: fetched.bytes, totalBytes: range.totalBytes } : { kind: 'restart' };
}

/** The validator that lets a cut download go on; null when the server has none that is strong. */
export function strongEtag({ etag }: IncomingHttpHeaders): string | null {
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : null;
}

function contentLength(headers: IncomingHttpHeaders): number | null {
  const length = headers['content-length'] ?? '';
  return /^\d{1,16}$/.test(length) ? Number(length) : null;
}

function contentRange(headers: IncomingHttpHeaders): { from: number | null; totalBytes: number | null } | null {
  const match = /^bytes (?:(\d{1,16})-\d{1,16}|\*)\/(\d{1,16}|\*)$/.exec(headers['content-range'] ?? '');
  if (!match) return null;
  const [, from, total] = match;
  return { from: from === undefined ? null : Number(from), totalBytes: total === '*' ? null : Number(total) };
}

/**
 * Where a redirect leads.
 * @throws {JobError} URL_REFUSED for what is no http or https, or gives up encryption
 */
export function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (target === null || !['http:', 'https:'].includes(target.protocol)) {
    throw new JobError('URL_REFUSED', 'the server redirects to something else than http or https');
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new JobError('URL_REFUSED', `the server redirects from https to http (${describeUrl(target)})`);
  }
  return target;
}

/** A URL as a log may have it: user, password and query may hold secrets. */
export const describeUrl = ({ origin, pathname, search }: URL): string =>
  `${origin}${pathname}${search === '' ? '' : '?...'}`;

/** What the file is called: as the server names it, else as its URL does. It holds no folder, and nothing hidden. */
export function outputName(url: URL, headers: IncomingHttpHeaders): FreeName {
  const named = dispositionName(headers['content-disposition'] ?? '') ?? lastSegment(url);
  const name = safeName(named);
  const extension = extensionOf(name);
  const fits = /^[a-z0-9]{1,10}$/.test(extension);
  return {
    directory: OUTPUT_FOLDER,
    base: name === '' ? 'download' : outputBaseName(fits ? name : `${name}.`),
    extension: fits ? extension : (EXTENSIONS[mediaTypeOf(headers) ?? ''] ?? 'bin'),
  };
}

/** The type of the content without its parameters. */
export const mediaTypeOf = (headers: IncomingHttpHeaders): string | null =>
  /^[\w.+-]{1,100}\/[\w.+-]{1,100}/.exec(headers['content-type'] ?? '')?.[0].toLowerCase() ?? null;

/** For files whose name tells nothing. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  ...{ 'video/mp4': 'mp4', 'video/quicktime': 'mov', 'video/webm': 'webm', 'video/x-matroska': 'mkv' },
  ...{ 'video/mp2t': 'ts', 'video/mpeg': 'mpg', 'video/x-msvideo': 'avi', 'audio/mpeg': 'mp3', 'audio/mp4': 'm4a' },
  ...{ 'audio/flac': 'flac', 'audio/ogg': 'ogg', 'audio/wav': 'wav', 'image/jpeg': 'jpg', 'image/png': 'png' },
};

/** The extended form of RFC 6266 wins over the plain one. */
function dispositionName(header: string): string | null {
  const extended = /;\s*filename\*\s*=\s*UTF-8''([^;\s]+)/i.exec(`;${header}`)?.[1];
  if (extended !== undefined) return percentDecoded(extended);
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(`;${header}`) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? null;
}

const lastSegment = (url: URL): string => percentDecoded(url.pathname.split('/').at(-1) ?? '');

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The last part of a name, without what a file system or a terminal may take for something else. */
function safeName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  return last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '')
    .replaceAll(/[:*?"<>|]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
}
