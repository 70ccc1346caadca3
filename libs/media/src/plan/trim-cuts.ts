import type { PicturePacket } from '../pictures.js';

/** Times of pictures are rounded by their containers: closer than this, two are the same, in seconds. */
const SAME_SECONDS = 0.0011;

/** What is taken when a film has a single picture, in seconds. */
const DEFAULT_FRAME_SECONDS = 0.04;

/** A range of a film that pictures were chosen for, in seconds from its start. */
export interface FilmRange {
  readonly start: number;
  readonly end: number;
}

/** Pictures that follow each other, by the times at which they are shown. */
export interface PictureSpan {
  /** When its first picture is shown, in seconds from the start of the film. */
  readonly from: number;
  /** When its last picture ends. */
  readonly to: number;
  /** How many pictures it has. */
  readonly frames: number;
  /** When the key picture is shown from which on its pictures can be decoded. */
  readonly key: number;
}

/** A range cut in three: what is copied, and what before and after it is encoded. */
export interface SmartCut {
  readonly head: PictureSpan | null;
  readonly middle: PictureSpan;
  readonly tail: PictureSpan | null;
}

/**
 * What a plain copy of a range takes: from the key picture at or before its start, to the first place at or after
 * its end where no picture is missing. Null when nothing of the film lies in the range.
 * @param pictures in the order of decoding
 */
export function cutAtKeys(pictures: readonly PicturePacket[], { start, end }: FilmRange): PictureSpan | null {
  const isAtOrBefore = ({ isKey, seconds }: PicturePacket): boolean => isKey && seconds <= start + SAME_SECONDS;
  const first = Math.max(
    pictures.findLastIndex(isAtOrBefore),
    pictures.findIndex(({ isKey }) => isKey),
  );
  const from = pictures[first]?.seconds;
  if (from === undefined) return null;
  const last = pictures.findLastIndex(({ seconds }) => seconds < end - SAME_SECONDS);
  const later = earliestFrom(pictures);
  let latest = -Infinity;
  for (let index = first; index < pictures.length; index++) {
    latest = Math.max(latest, pictures[index]?.seconds ?? 0);
    if (index >= last && latest < (later[index + 1] ?? Infinity)) {
      return { ...spanOf(pictures, from, later[index + 1] ?? Infinity), frames: index + 1 - first, key: from };
    }
  }
  return null;
}

/**
 * What an exact cut of a range copies and what it encodes. The copy starts and ends at key pictures that no picture
 * reaches across: with an open group of pictures, those before its key picture need the group before it.
 * Null when no whole group lies in the range.
 * @param pictures in the order of decoding, some beyond the range's end
 */
export function cutExactly(pictures: readonly PicturePacket[], { start, end }: FilmRange): SmartCut | null {
  const closed = closedKeys(pictures);
  const first = closed.find(({ seconds }) => seconds >= start - SAME_SECONDS);
  const filmEnds = pictures.every(({ seconds }) => seconds < end - SAME_SECONDS);
  const last = filmEnds
    ? { index: pictures.length, seconds: Infinity }
    : closed.findLast(({ seconds }) => seconds <= end + SAME_SECONDS);
  if (first === undefined || last === undefined || last.index <= first.index) return null;
  const head = spanOf(pictures, start - SAME_SECONDS, first.seconds);
  const middle = spanOf(pictures, first.seconds, last.seconds);
  const tail = spanOf(pictures, last.seconds, end - SAME_SECONDS);
  return { head: head.frames > 0 ? head : null, middle, tail: tail.frames > 0 ? tail : null };
}

/** When the last key picture at or before a time is shown; the start of the film when there is none. */
export const keyBefore = (pictures: readonly PicturePacket[], time: number): number =>
  pictures.reduce(
    (latest, { isKey, seconds }) => (isKey && seconds <= time + SAME_SECONDS ? Math.max(latest, seconds) : latest),
    0,
  );

/** The shortest time between two pictures, in seconds. */
export function shortestFrame(pictures: readonly PicturePacket[]): number {
  const times = pictures.map(({ seconds }) => seconds).sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return gaps.filter((gap) => gap > 0).reduce((least, gap) => Math.min(least, gap), DEFAULT_FRAME_SECONDS);
}

/** The key pictures before which everything is shown that is decoded before them, and after which nothing of it. */
function closedKeys(pictures: readonly PicturePacket[]): { index: number; seconds: number }[] {
  const earliest = earliestFrom(pictures);
  let latestBefore = -Infinity;
  return pictures.flatMap(({ isKey, seconds }, index) => {
    const isClosed = isKey && latestBefore < seconds && (earliest[index + 1] ?? Infinity) > seconds;
    latestBefore = Math.max(latestBefore, seconds);
    return isClosed ? [{ index, seconds }] : [];
  });
}

/** For each place in the order of decoding, when the first of the pictures from there on is shown. */
function earliestFrom(pictures: readonly PicturePacket[]): number[] {
  const earliest = new Array<number>(pictures.length);
  let least = Infinity;
  for (let index = pictures.length - 1; index >= 0; index--) {
    least = Math.min(least, pictures[index]?.seconds ?? Infinity);
    earliest[index] = least;
  }
  return earliest;
}

/** The pictures shown at `from` or later, but before `to`. It ends where the next picture starts. */
function spanOf(pictures: readonly PicturePacket[], from: number, to: number): PictureSpan {
  const shown = pictures.filter(({ seconds }) => seconds >= from && seconds < to);
  const next = pictures.reduce((least, { seconds }) => (seconds >= to ? Math.min(least, seconds) : least), Infinity);
  const last = shown.reduce<PicturePacket | null>((a, b) => (a !== null && a.seconds > b.seconds ? a : b), null);
  const first = shown.reduce((least, { seconds }) => Math.min(least, seconds), Infinity);
  if (last === null) return { from, to: from, frames: 0, key: from };
  const end = Number.isFinite(next) ? next : last.seconds + (last.durationSeconds ?? shortestFrame(pictures));
  return { from: first, to: end, frames: shown.length, key: keyBefore(pictures, first) };
}
