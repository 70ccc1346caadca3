import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  guardedInput,
  INIT_FILE,
  MediaError,
  readTrack,
  samplesOf,
  secondsOf,
  type CmafTrack,
  type Ffmpeg,
  type RunControl,
} from '@reelay/media';
import { AUDIO_FOLDER } from './encode-rendition.plan.js';
import { valueOf } from '../plan-ladder/ladder.plan.js';

/** The least difference in length that counts, in seconds, and the same for long films, as a share. */
const TOLERANCE_SECONDS = 0.2;
const TOLERANCE_SHARE = 0.01;

/** What tracks must be. */
export interface TrackExpectation {
  readonly frameRate: string;
  readonly gopFrames: number;
  readonly renditions: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly audio: { readonly channels: number; readonly sampleRate: number } | null;
  /** Null when it could not be planned. */
  readonly durationSeconds: number | null;
}

/** Tracks that are as they should be. */
export interface VerifiedTracks {
  /** In the order of the expectation. */
  readonly renditions: readonly CmafTrack[];
  readonly audio: CmafTrack | null;
  /** Pictures of each rendition. */
  readonly frames: number;
  /** Of the longest track. */
  readonly durationSeconds: number;
}

/**
 * Reads the folders of all tracks and compares them with what was planned, without decoding anything: every segment is
 * there and whole, begins with a key picture, and is as long as it should be; all renditions have the same segments.
 * @throws {MediaError} OUTPUT_INVALID with what was found
 */
export async function readTracks(folder: string, expect: TrackExpectation): Promise<VerifiedTracks> {
  const renditions: CmafTrack[] = [];
  for (const { name, width, height } of expect.renditions) {
    const track = await readTrack(join(folder, name));
    const { size } = track.header;
    if (size?.width !== width || size.height !== height) {
      throw invalid(
        `${name} measures ${String(size?.width)}x${String(size?.height)}, not ${String(width)}x${String(height)}`,
      );
    }
    mustBeRegular(name, track, expect);
    renditions.push(track);
  }
  const audio = expect.audio === null ? null : await readTrack(join(folder, AUDIO_FOLDER));
  if (audio !== null && audio.header.sound?.channels !== expect.audio?.channels) {
    throw invalid(
      `the sound has ${String(audio.header.sound?.channels)} channels, not ${String(expect.audio?.channels)}`,
    );
  }
  const [first] = renditions;
  const frames = first === undefined ? 0 : samplesOf(first);
  for (const [index, track] of renditions.entries()) {
    if (samplesOf(track) === frames) continue;
    const { name } = expect.renditions[index] ?? { name: '' };
    throw invalid(`${name} has ${String(samplesOf(track))} pictures, and another rendition ${String(frames)}`);
  }
  const lengths = [...renditions, ...(audio === null ? [] : [audio])].map(secondsOf);
  const durationSeconds = Math.max(...lengths);
  mustLast(durationSeconds, expect.durationSeconds);
  return { renditions, audio, frames, durationSeconds };
}

/** Each segment but the last has the same number of pictures, which is also how those of other sizes line up. */
function mustBeRegular(name: string, track: CmafTrack, { frameRate, gopFrames }: TrackExpectation): void {
  const { header, segments } = track;
  const lasts = (frames: number): number => (frames * header.timescale) / valueOf(frameRate);
  for (const [index, segment] of segments.entries()) {
    const where = `${name}/${segment.name}`;
    if (!segment.startsWithKey) throw invalid(`${where} does not begin with a key picture`);
    if (segment.firstShown !== segment.start) throw invalid(`${where} begins before it is shown`);
    const isLast = index === segments.length - 1;
    if (isLast ? segment.samples > gopFrames : segment.samples !== gopFrames) {
      throw invalid(`${where} has ${String(segment.samples)} pictures, not ${String(gopFrames)}`);
    }
    if (Math.abs(segment.duration - lasts(segment.samples)) > lasts(1) / 2) {
      throw invalid(`${where} lasts ${(segment.duration / header.timescale).toFixed(3)} s`);
    }
  }
}

/** @throws {MediaError} OUTPUT_INVALID when a length is not the one that was planned */
export function mustLast(found: number, planned: number | null): void {
  if (planned === null) return;
  const tolerance = Math.max(TOLERANCE_SECONDS, planned * TOLERANCE_SHARE);
  if (Math.abs(found - planned) <= tolerance) return;
  throw invalid(`it lasts ${found.toFixed(2)} s, not ${planned.toFixed(2)} s`);
}

/** A track and the folder that it is in. */
export interface TrackFolder {
  readonly folder: string;
  readonly track: CmafTrack;
}

/**
 * Decodes the first and the last segment of each track, with nothing but its set-up, in one run: to start is most of
 * what such a run takes.
 * @param work a folder for what is decoded
 * @throws {MediaError} OUTPUT_INVALID naming the segment
 */
export async function decodeEnds(
  ffmpeg: Ffmpeg,
  tracks: readonly TrackFolder[],
  work: string,
  control: RunControl,
): Promise<void> {
  const ends = tracks.flatMap(({ folder, track: { segments } }) =>
    [...new Set([segments[0], segments.at(-1)])].flatMap((end) => (end === undefined ? [] : [{ folder, ...end }])),
  );
  const files = ends.map((_, index) => join(work, `end-${String(index)}.mp4`));
  try {
    for (const [index, { folder, name }] of ends.entries()) {
      await pipeline(
        concatenated([join(folder, INIT_FILE), join(folder, name)]),
        createWriteStream(files[index] ?? ''),
        { signal: control.signal },
      );
    }
    const together = await decodeFault(ffmpeg, files, control);
    if (together === null) return;
    // Only one by one do they tell which it is.
    for (const [index, { folder, name }] of ends.entries()) {
      const fault = await decodeFault(ffmpeg, [files[index] ?? ''], control);
      if (fault !== null) throw invalid(`${basename(folder)}/${name} does not decode: ${fault.message}`, fault);
    }
    throw invalid(`a first or last segment does not decode: ${together.message}`, together);
  } finally {
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }
}

/** What is wrong with files; null when all decode. */
async function decodeFault(
  ffmpeg: Ffmpeg,
  files: readonly string[],
  { signal, pause }: RunControl,
): Promise<Error | null> {
  const maps = files.flatMap((_, index) => ['-map', String(index)]);
  const args = ['-xerror', ...files.flatMap((file) => guardedInput(file)), ...maps, '-f', 'null', '-'];
  try {
    await ffmpeg.run(args, { signal, pause, durationSeconds: null });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
    return error;
  }
}

async function* concatenated(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield await readFile(file);
}

const invalid = (message: string, cause?: unknown): MediaError =>
  new MediaError('OUTPUT_INVALID', message, { cause, facts: { check: 'segments' } });
