import { z } from 'zod';
import { defineJobType } from './define-job-type.js';
import { mediaInfo, mediaOutput, videoResult } from './fields.js';

/** Digests that a download may be checked by, with their length in hexadecimal digits. */
const CHECKSUM_DIGITS = { sha256: 64, sha1: 40, md5: 32 } as const;

/** Largest download without a `maxBytes`: 100 GiB, more than a film at the bitrate of a Blu-ray disc. */
const DEFAULT_MAX_BYTES = 100 * 1024 ** 3;

/** Headers that the download sets itself, or that would change what a connection means. */
const OWN_HEADERS =
  /^(host|range|if-range|accept-encoding|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/i;

const checksum = z
  .strictObject({
    algorithm: z.enum(['sha256', 'sha1', 'md5']),
    value: z.string().regex(/^[0-9a-fA-F]+$/, 'must be hexadecimal'),
  })
  .refine(({ algorithm, value }) => value.length === CHECKSUM_DIGITS[algorithm], {
    path: ['value'],
    error: 'must have as many digits as the algorithm gives: 64 of sha256, 40 of sha1, 32 of md5',
  });

const headers = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'must be the name of a header')
      .refine((name) => !OWN_HEADERS.test(name), 'is a header that the download sets itself'),
    z
      .string()
      .max(8192)
      .regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, 'must be one line'),
  )
  .refine((given) => Object.keys(given).length <= 32, 'must not be more than 32');

/** Fetches a file into the library. */
export const download = defineJobType('download', {
  category: 'cpu',
  vramMb: 0,
  label: 'Download',
  shortDescription: 'Fetches a file over http or https into the library',
  description:
    'Fetches a file to the inbox, or to outputPath, and never over another file. A download that was cut goes on where ' +
    'it was, also in a later attempt, when the server has a strong ETag for the file and serves ranges. At most 5 ' +
    'redirects are followed; headers go to the first host only. Addresses that are not public are refused, wherever ' +
    "they come from, unless the worker's DOWNLOAD_ALLOW lists them.",
  parameters: z.strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be a URL with http or https' })
      .max(4096)
      .describe('What to fetch, http or https'),
    ...mediaOutput,
    checksum: checksum.optional().describe('What the file must be: `algorithm` (sha256, sha1, md5) and `value` in hex'),
    maxBytes: z
      .int()
      .min(1)
      .default(DEFAULT_MAX_BYTES)
      .describe('Largest size of the file in bytes; 100 GiB by default'),
    headers: headers.optional().describe('More headers for the request'),
  }),
  result: z.object({
    outputPath: z.string(),
    sizeBytes: z.number().int(),
    checksum: z
      .object({ algorithm: z.string(), value: z.string() })
      .describe('Of the algorithm that was asked for, else sha256'),
    contentType: z.string().nullable().describe('What the server said it is'),
    resumedBytes: z.number().int().describe('How much of it an earlier connection had fetched already'),
    media: mediaInfo.nullable().describe('What a probe learned of it; null when it is no media file'),
    ...videoResult,
  }),
});
