import type { FilmChunk, PresetSettings } from '@reelay/contracts';
import { expectedBytes } from '../disk-room.js';
import { MediaError } from '../errors.js';
import type { VideoExpectation } from '../expectation.js';
import { guardedInput, outputFile } from '../input.js';
import type { MediaInfo, VideoStreamInfo } from '../media-info.js';
import type { PictureHeader } from '../pictures.js';
import { planPicture, type PicturePlan } from './picture.js';
import { needsOf } from './transcode.js';
import { VIDEO_ENCODERS, videoOptions } from './video-encoder.js';

/**
 * The clock of chunks and of what they are joined to, in ticks a second: the usual frame rates, those of NTSC up to 120
 * among them, have a whole number of ticks in a frame.
 */
export const CHUNK_TICKS = 360_000;

/**
 * How far before its start a chunk is read from, in seconds. Some containers are entered by the time at which pictures are
 * decoded, which is earlier, and what deinterlaces looks at the pictures before.
 */
const EARLY_SECONDS = 0.5;

/** A chunk starts and ends that much before the pictures it starts and ends at: times are rounded, in seconds. */
const ROUNDING_SECONDS = 0.0005;

/** Frame rates this close are the same: 30 holds 30.0003. */
const RATE_TOLERANCE = 1.001;

/** The encoding of one chunk that is decided on; nothing has run. */
export interface ChunkPlan {
  /** What is done to the picture and why, for people. */
  readonly notes: readonly string[];
  /** From the input's options to the output's name. */
  readonly args: string[];
  readonly needs: { readonly encoders: readonly string[]; readonly filters: readonly string[] };
  readonly expect: VideoExpectation;
  /** About how large the output gets. */
  readonly expectedBytes: number;
}

/** What the pictures of a chunked encode become. */
export interface ChunkedPicture extends PicturePlan {
  readonly codec: Exclude<PresetSettings['video']['codec'], 'none'>;
}

/**
 * What becomes of the picture when a film is encoded in chunks: as in one go, except that no picture is left out or
 * added, since each must be in its chunk.
 * @throws {MediaError} INVALID_PARAMETERS for a preset without a picture, or that would leave some out; INPUT_UNREADABLE
 * for a film without one
 */
export function planChunkedPicture({ video: settings, maxSeconds }: PresetSettings, media: MediaInfo): ChunkedPicture {
  const refuse = (message: string): MediaError => new MediaError('INVALID_PARAMETERS', message);
  const { video } = media;
  const { codec, maxFps, ...rest } = settings;
  if (codec === 'none') throw refuse('the preset makes sound only: there are no chunks of that');
  if (video === null)
    throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture to encode');
  if (maxSeconds !== undefined) {
    throw refuse(
      `the preset keeps ${String(maxSeconds)} s only, and chunks are of the whole film: override maxSeconds with null`,
    );
  }
  if (maxFps !== undefined && (video.fps ?? 0) > maxFps * RATE_TOLERANCE) {
    const rates = `${String(video.fps)} pictures a second, and the preset ${String(maxFps)} at most`;
    throw refuse(`the film has ${rates}, but chunks keep every picture: override video.maxFps with null`);
  }
  return { ...planPicture({ codec, ...rest }, withOwnTimes(video)), codec };
}

/** Pictures keep their times, even or not. */
const withOwnTimes = ({ peakFps: _, ...video }: VideoStreamInfo): VideoStreamInfo => video;

/**
 * Decides how a chunk is encoded. What it holds is told by when its pictures are shown, by the film's own clock; what is
 * decoded before its start only serves to decode it. The encoder starts anew with each chunk, so that it begins with a
 * closed group of pictures. All chunks are encoded by the CPU's encoder, with headers that depend on nothing but the
 * settings.
 * @param threads of the encoder; as many as ffmpeg likes when left out
 * @throws {MediaError} as `planChunkedPicture` does
 */
export function planChunk(
  { settings, chunk }: { readonly settings: PresetSettings; readonly chunk: FilmChunk },
  { media, header }: { readonly media: MediaInfo; readonly header: Pick<PictureHeader, 'startSeconds'> },
  files: { readonly input: string; readonly output: string },
  threads?: number,
): ChunkPlan {
  const picture = planChunkedPicture(settings, media);
  const { startSeconds, endSeconds } = chunk;
  const seconds = endSeconds - startSeconds;
  const byClock = (time: number): string => (header.startSeconds + time - ROUNDING_SECONDS).toFixed(6);
  const isFirst = chunk.startFrame === 0;
  const seek = startSeconds - EARLY_SECONDS;
  const span = [...(isFirst ? [] : [`start=${byClock(startSeconds)}`]), `end=${byClock(endSeconds)}`].join(':');
  const filters = [...picture.filters, `trim=${span}`, 'setpts=PTS-STARTPTS'];
  const args = [
    // Every complaint about the input ends the run: ffmpeg would otherwise conceal what is broken, and exit with 0.
    ...['-xerror', '-copyts', ...(isFirst || seek <= 0 ? [] : ['-ss', seek.toFixed(6)]), ...guardedInput(files.input)],
    ...['-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-vf', filters.join(','), '-fps_mode', 'passthrough', '-enc_time_base', `1:${String(CHUNK_TICKS)}`],
    ...videoOptions(picture.codec, settings.video, { picture, isMp4: true, threads, joined: true }),
    ...['-video_track_timescale', String(CHUNK_TICKS), '-f', 'mp4', outputFile(files.output)],
  ];
  return {
    notes: picture.notes,
    args,
    needs: needsOf(VIDEO_ENCODERS[picture.codec], picture, null),
    expect: {
      ...{ kind: 'video', container: 'mp4', videoCodec: picture.codec, audioCodec: null, ...picture.size },
      // Encoders do not know how long the last picture lasts; when each is shown is checked by itself.
      durationSeconds: null,
    },
    expectedBytes: bytesOf(settings, media, seconds),
  };
}

function bytesOf({ video }: PresetSettings, media: MediaInfo, seconds: number): number {
  const share = media.durationSeconds === null ? 1 : Math.min(1, seconds / media.durationSeconds);
  return expectedBytes({
    seconds,
    kbps: video.bitrateKbps ?? video.maxrateKbps ?? null,
    inputBytes: video.bitrateKbps === undefined ? media.sizeBytes * share : null,
  });
}
