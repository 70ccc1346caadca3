import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError, systemErrorCode } from '../errors.js';
import { readSegment, SEGMENT_HEAD_BYTES, type SegmentFacts } from './segment.js';
import { readTrackHeader, type TrackHeader } from './track-header.js';

/** The file that the decoder's set-up of a track is in. */
export const INIT_FILE = 'init.mp4';

/** Digits of a segment's number in its name. */
const NUMBER_DIGITS = 5;

/** The pattern of the names of segments, as ffmpeg takes it. */
export const SEGMENT_PATTERN = `%0${String(NUMBER_DIGITS)}d.m4s`;

/** The name of a segment. @param number from 1 */
export const segmentName = (number: number): string => `${String(number).padStart(NUMBER_DIGITS, '0')}.m4s`;

/** A segment in its folder. */
export interface TrackSegment extends SegmentFacts {
  /** Of the file, without its folder. */
  readonly name: string;
}

/** A folder of one track: its set-up, and its segments in order. */
export interface CmafTrack {
  readonly header: TrackHeader;
  readonly segments: readonly TrackSegment[];
  /** Of the set-up. */
  readonly initBytes: number;
}

/** How long a track is, in seconds. */
export const secondsOf = ({ header, segments }: CmafTrack): number =>
  segments.reduce((sum, { duration }) => sum + duration, 0) / header.timescale;

/** Pictures, or packets of sound, of a whole track. */
export const samplesOf = ({ segments }: CmafTrack): number => segments.reduce((sum, { samples }) => sum + samples, 0);

/** Bytes of a whole track. */
export const bytesOf = ({ initBytes, segments }: CmafTrack): number =>
  segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, initBytes);

/**
 * Reads a folder of one track, without decoding anything.
 * @throws {MediaError} OUTPUT_INVALID when a segment is missing, empty or damaged, or they do not follow each other
 */
export async function readTrack(folder: string): Promise<CmafTrack> {
  const { header, bytes: initBytes } = await readInit(folder);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.m4s')).sort();
  if (names.length === 0) throw new MediaError('OUTPUT_INVALID', `${labelOf(folder)} has no segments`);
  const segments: TrackSegment[] = [];
  for (const [index, name] of names.entries()) {
    if (name !== segmentName(index + 1)) {
      throw new MediaError('OUTPUT_INVALID', `${labelOf(folder)} has no segment ${segmentName(index + 1)}`);
    }
    const segment = { name, ...(await readSegmentFile(join(folder, name), header)) };
    const before = segments.at(-1);
    if (segment.start !== (before === undefined ? 0 : before.start + before.duration)) {
      throw new MediaError('OUTPUT_INVALID', `${labelOf(folder)}: ${name} does not begin where the one before ends`);
    }
    segments.push(segment);
  }
  return { header, segments, initBytes };
}

/**
 * Reads the set-up of the track in a folder.
 * @throws {MediaError} OUTPUT_INVALID
 */
export async function readInit(folder: string): Promise<{ header: TrackHeader; bytes: number }> {
  const { head, size } = await readHead(join(folder, INIT_FILE));
  return { header: readTrackHeader(head), bytes: size };
}

/**
 * Reads what the boxes of a segment say.
 * @throws {MediaError} OUTPUT_INVALID
 */
export async function readSegmentFile(file: string, header: Pick<TrackHeader, 'defaults'>): Promise<SegmentFacts> {
  const { head, size } = await readHead(file);
  try {
    return readSegment(head, size, header);
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    throw new MediaError(error.code, `${labelOf(file)}: ${error.message}`, { cause: error, facts: error.facts });
  }
}

/** The beginning of a regular file that is not empty; a link or a pipe is none. */
async function readHead(file: string): Promise<{ head: Buffer; size: number }> {
  const handle = await openRegular(file);
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new MediaError('OUTPUT_INVALID', `${labelOf(file)} is empty`);
    const head = Buffer.alloc(Math.min(size, SEGMENT_HEAD_BYTES));
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return { head: head.subarray(0, bytesRead), size };
  } finally {
    await handle.close();
  }
}

async function openRegular(file: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(systemErrorCode(error) ?? '')) throw error;
    throw new MediaError('OUTPUT_INVALID', `${labelOf(file)} is not there`, { cause: error });
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new MediaError('OUTPUT_INVALID', `${labelOf(file)} is no regular file`);
}

/** The last two names of a path. */
const labelOf = (path: string): string => path.split('/').slice(-2).join('/');
