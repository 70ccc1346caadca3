import { stat } from 'node:fs/promises';
import { describeDimensions } from './describe.js';
import { MediaError } from './errors.js';
import type { OutputExpectation, PictureExpectation, VideoExpectation } from './expectation.js';
import type { Ffmpeg } from './ffmpeg.js';
import { guardedInput, guardedPicture } from './input.js';
import type { MediaInfo } from './media-info.js';
import type { RunControl } from './pause.js';
import { probe } from './probe.js';

/** The least difference in duration that counts, in seconds: frames and sound packets end unevenly. */
const DURATION_TOLERANCE_SECONDS = 0.2;
/** The same for long outputs, as a share. */
const DURATION_TOLERANCE_SHARE = 0.01;

/**
 * Checks a finished output, since ffmpeg's exit code does not tell (it is 0 on a full disk, and for
 * an input that breaks off): it is there, probes as what was planned, lasts as long, and its first and
 * last second decode without a complaint.
 * @throws {MediaError} OUTPUT_INVALID with what was found
 * @throws the signal's reason after an abort
 */
export async function verifyOutput(
  ffmpeg: Ffmpeg,
  file: string,
  expectation: OutputExpectation,
  { signal, pause }: RunControl,
): Promise<MediaInfo> {
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  if (size === 0) throw new MediaError('OUTPUT_INVALID', 'nothing was written', { facts: { check: 'size' } });
  // Side by side, since each takes most of its time to start; what the probe says is told first.
  const [probed, decoded] = await Promise.allSettled([
    asOutputFault('probe', signal, () =>
      probe(ffmpeg.tools, file, { signal, pause, picture: expectation.kind === 'picture' }),
    ),
    asOutputFault('decode', signal, () =>
      ffmpeg.run(decodeCheck(file, expectation), { signal, pause, durationSeconds: null }),
    ),
  ]);
  if (probed.status === 'rejected') throw probed.reason;
  const fault = outputFault(probed.value, expectation);
  if (fault !== null) {
    const facts = { check: 'streams', found: probed.value, expected: expectation };
    throw new MediaError('OUTPUT_INVALID', fault, { facts });
  }
  if (decoded.status === 'rejected') throw decoded.reason;
  return probed.value;
}

/** What of an output differs from its plan; null when all is as expected. */
export function outputFault(media: MediaInfo, expectation: OutputExpectation): string | null {
  const fault = expectation.kind === 'sound' ? unwantedPicture(media) : pictureFault(media, expectation);
  if (fault !== null || expectation.kind === 'picture') return fault;
  if (!media.container.split(',').includes(expectation.container)) {
    return `its container is ${media.container}, not ${expectation.container}`;
  }
  if ((media.audio?.codec ?? null) !== expectation.audioCodec) {
    return `its sound is ${media.audio?.codec ?? 'missing'}, not ${expectation.audioCodec ?? 'left out'}`;
  }
  return durationFault(media.durationSeconds, expectation.durationSeconds);
}

const unwantedPicture = ({ video }: MediaInfo): string | null =>
  video === null ? null : 'it has a picture, and should have sound only';

function pictureFault({ video }: MediaInfo, expectation: VideoExpectation | PictureExpectation): string | null {
  if (video === null) return 'the output has no picture';
  if (video.codec !== expectation.videoCodec) return `its picture is ${video.codec}, not ${expectation.videoCodec}`;
  if (video.width === expectation.width && video.height === expectation.height) return null;
  return `it measures ${describeDimensions(video)}, not ${describeDimensions(expectation)}`;
}

function durationFault(found: number | null, planned: number | null): string | null {
  if (planned === null) return null;
  const tolerance = Math.max(DURATION_TOLERANCE_SECONDS, planned * DURATION_TOLERANCE_SHARE);
  if (found !== null && Math.abs(found - planned) <= tolerance) return null;
  return `it lasts ${found?.toFixed(2) ?? 'an unknown number of'} s, not ${planned.toFixed(2)} s`;
}

/** The argv that decodes the first and the last second of a video in one run, or a whole picture. */
export function decodeCheck(file: string, expectation: OutputExpectation): string[] {
  const sink = ['-f', 'null', '-'];
  if (expectation.kind === 'picture') return ['-xerror', ...guardedPicture(file), '-map', '0', ...sink];
  const ends = [...['-t', '1'], ...guardedInput(file), ...['-sseof', '-1'], ...guardedInput(file)];
  return ['-xerror', ...ends, '-map', '0', '-map', '1', ...sink];
}

/** What makes an input unreadable makes an output invalid; other failures stay what they are. */
async function asOutputFault<T>(check: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
    throw new MediaError('OUTPUT_INVALID', `the output does not ${check}: ${error.message}`, {
      cause: error,
      facts: { check, ...error.facts },
    });
  }
}
