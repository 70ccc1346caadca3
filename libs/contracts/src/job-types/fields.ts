import { z } from 'zod';
import { mediaInfo, videoChange } from '../media-info.js';

/** Longest path accepted, in bytes; most file systems allow 255 per name and 4096 in all. */
const PATH_MAX = 1024;

const utf8 = new TextEncoder();

/**
 * A path relative to the library's root, with forward slashes. This is the syntax only; whether it
 * stays inside the library after links are followed is checked where the file is opened.
 */
export const libraryPath = z
  .string()
  .min(1)
  .max(PATH_MAX)
  .refine((path) => utf8.encode(path).length <= PATH_MAX, `must not be longer than ${String(PATH_MAX)} bytes`)
  .refine((path) => !hasControlCharacter(path), 'must not contain control characters')
  .refine((path) => !path.startsWith('/') && !/^[a-zA-Z]:[\\/]/.test(path), 'must be relative to the library')
  .refine((path) => !path.split(/[\\/]/).includes('..'), 'must not contain ".."')
  .refine((path) => !/^[a-z][a-z0-9+.-]*:/i.test(path), 'must be a path, not a URL');

/** Whether a text would end a line, or tell a terminal what to do. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** The input of a media job. A client may give `videoId` instead of `inputPath`; the order carries both. */
export const mediaInput = {
  videoId: z.uuid().optional().describe('A video of the library; names the input instead of inputPath'),
  inputPath: libraryPath.describe('The input, relative to the library'),
};

/** Where the output goes; left out, a name that is free is chosen. */
export const mediaOutput = {
  outputPath: libraryPath.optional().describe('The output, relative to the library; left out, a free name is chosen'),
};

/** Longest position in a film, in seconds: eleven days. */
const LONGEST_SECONDS = 1_000_000;

/** A place in a film: seconds, or hours, minutes and seconds as text (`90.5`, `1:30.5`, `0:01:30.5`); read as seconds. */
export const filmPosition = z
  .union([
    z.number().min(0).max(LONGEST_SECONDS),
    z
      .string()
      .regex(/^(?:(?:\d{1,3}:)?[0-5]?\d:[0-5]?\d|\d{1,7})(?:\.\d{1,6})?$/, 'must be seconds, or like 1:02:03.5'),
  ])
  .transform((position) =>
    typeof position === 'number'
      ? position
      : position.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0),
  );

/** What the result of every job that makes or inspects videos carries. */
export const videoResult = {
  videos: z.array(videoChange).default([]).describe("Changes to the library's records"),
};

export { mediaInfo };
