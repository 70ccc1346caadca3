import { describeSize } from './describe.js';

/** What a run writes, and where there is how much room. */
export interface DiskRoom {
  readonly freeBytes: number;
  /** What is still to be written, as far as anybody knows. */
  readonly expectedBytes: number;
  /** What is to stay free. */
  readonly reserveBytes: number;
}

/** Why a run must not begin, or go on, on a disk; null when it may. */
export function lackOfRoom({ freeBytes, expectedBytes, reserveBytes }: DiskRoom): string | null {
  if (freeBytes >= expectedBytes + reserveBytes) return null;
  const wanted = [
    ...(expectedBytes > 0 ? [`about ${describeSize(expectedBytes)} for the output`] : []),
    ...(reserveBytes > 0 ? [`${describeSize(reserveBytes)} that must stay free (MIN_FREE_DISK_MB)`] : []),
  ];
  return `the disk has ${describeSize(freeBytes)} free, and ${wanted.join(' and ')} are needed`;
}

/** What is known of an output before it is made; null for what is not. */
export interface OutputFacts {
  readonly seconds: number | null;
  /** The average or highest bitrate that was asked for, of all streams. */
  readonly kbps: number | null;
  /** Size of the part of the input that it is made from. */
  readonly inputBytes: number | null;
}

/**
 * About how many bytes an output will have; 0 when nothing is known. With a quality and no bitrate it is taken for no
 * larger than its input: the disk is watched while it is written, so that a bad guess fills no disk.
 */
export function expectedBytes({ seconds, kbps, inputBytes }: OutputFacts): number {
  const byRate = seconds === null || kbps === null ? Infinity : (seconds * kbps * 1000) / 8;
  const least = Math.min(byRate, inputBytes ?? Infinity);
  return Number.isFinite(least) ? Math.ceil(least) : 0;
}
