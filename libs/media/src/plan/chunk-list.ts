import type { FilmChunk } from '@reelay/contracts';
import type { PicturePacket } from '../pictures.js';
import { shortestFrame } from './trim-cuts.js';

/** What is left at the end of a film is a chunk of its own from this share of the others' length on. */
const LEAST_LAST_SHARE = 0.5;

/** The pictures of a film that are shown, in the order in which they are. */
export interface FilmPictures {
  /** When each is shown, in seconds from the start of the film. */
  readonly times: readonly number[];
  /** When each of those is shown at which decoding can start. */
  readonly keys: readonly number[];
  /** When the last one ends. */
  readonly endSeconds: number;
  /** The place of the last one in the order in which they are decoded, from 0. */
  readonly lastDecoded: number;
}

/**
 * Orders pictures by when they are shown. Those that come before the first key picture cannot be decoded, and are no
 * part of the film.
 * @param pictures all of a film's, in the order in which they are decoded
 */
export function filmPictures(pictures: readonly PicturePacket[]): FilmPictures {
  const first = pictures.findIndex(({ isKey }) => isKey);
  const decoded = pictures.slice(Math.max(0, first)).filter(({ isHidden }) => isHidden !== true);
  const shown = decoded.toSorted((a, b) => a.seconds - b.seconds);
  const last = shown.at(-1);
  return {
    times: shown.map(({ seconds }) => seconds),
    keys: shown.filter(({ isKey }) => isKey).map(({ seconds }) => seconds),
    endSeconds: last === undefined ? 0 : last.seconds + lengthOf(last, shown),
    lastDecoded: last === undefined ? 0 : decoded.indexOf(last),
  };
}

/** Some containers say 0 where they do not know. */
const lengthOf = ({ durationSeconds }: PicturePacket, shown: readonly PicturePacket[]): number =>
  durationSeconds !== null && durationSeconds > 0 ? durationSeconds : shortestFrame(shown);

/** How long the last picture of a film is shown, in seconds. */
export const lastSeconds = ({ times, endSeconds }: FilmPictures): number => endSeconds - (times.at(-1) ?? endSeconds);

/**
 * Divides a film into chunks that start at key pictures.
 *
 * The chunks are a list only, and no files: workers share the library's disk, and pieces cut out by a copy are not exact
 * (pictures of an open group need the group before it, and edit lists and reordered pictures move the times of what is
 * copied). What a chunk holds is told by when its pictures are shown, and each is decoded from the key picture before
 * its start, so that every picture is in exactly one chunk, whatever the groups of pictures look like.
 * @param chunkSeconds how long a chunk is at least
 * @param most chunks; they are longer where the film would have more
 */
export function listChunks(
  { times, keys, endSeconds }: FilmPictures,
  { chunkSeconds, most }: { readonly chunkSeconds: number; readonly most: number },
): FilmChunk[] {
  const filmStart = times[0];
  if (filmStart === undefined) return [];
  const least = Math.max(chunkSeconds, (endSeconds - filmStart) / most);
  const starts = [filmStart];
  for (const key of keys) {
    const isFarEnough = key - (starts.at(-1) ?? 0) >= least;
    if (isFarEnough && endSeconds - key >= least * LEAST_LAST_SHARE) starts.push(key);
  }
  let frame = 0;
  return starts.map((startSeconds, index) => {
    const startFrame = frame;
    const end = starts[index + 1] ?? Infinity;
    while ((times[frame] ?? Infinity) < end) frame += 1;
    return {
      ...{ index, startSeconds, endSeconds: Number.isFinite(end) ? end : microseconds(endSeconds) },
      ...{ startFrame, frames: frame - startFrame },
    };
  });
}

/** How far a picture may be from when it should be shown, in seconds: Matroska counts in milliseconds. */
const TIME_TOLERANCE_SECONDS = 0.002;

/**
 * What of an output's pictures differs from those that it was made from: their number, or when they are shown; null when
 * nothing does. Both are taken from their own first picture on.
 */
export function picturesFault(found: readonly number[], wanted: readonly number[]): string | null {
  if (found.length !== wanted.length) {
    return `it has ${String(found.length)} pictures, not ${String(wanted.length)}`;
  }
  const sinceFirst = (times: readonly number[], index: number): number => (times[index] ?? 0) - (times[0] ?? 0);
  const index = wanted.findIndex(
    (_, at) => Math.abs(sinceFirst(found, at) - sinceFirst(wanted, at)) > TIME_TOLERANCE_SECONDS,
  );
  if (index < 0) return null;
  const [is, should] = [sinceFirst(found, index), sinceFirst(wanted, index)].map((time) => time.toFixed(3));
  return `its picture ${String(index + 1)} is shown at ${String(is)} s, not at ${String(should)} s`;
}

const microseconds = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
