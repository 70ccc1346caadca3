import type { PresetSettings } from '@reelay/contracts';
import { expectedBytes } from '../disk-room.js';
import type { VideoExpectation } from '../expectation.js';
import { guardedInput, outputFile } from '../input.js';
import type { MediaInfo } from '../media-info.js';
import { CHUNK_TICKS, planChunkedPicture } from './chunk.js';
import { planSound, soundOptions } from './sound.js';
import { FORMATS, MUXING_QUEUE, needsOf, playingSeconds } from './transcode.js';

/** A chunk that is to be joined. */
export interface JoinedChunk {
  /** Its name in the job's folder. */
  readonly file: string;
  /** When its first picture is shown, in seconds from the start of the film. */
  readonly startSeconds: number;
}

/**
 * The script that joins chunks: each starts right when its first picture is shown in the film. The lengths are
 * differences of rounded starts, so that what rounding takes does not add up.
 */
export function chunkScript(chunks: readonly JoinedChunk[]): string {
  const starts = chunks.map(({ startSeconds }) => Math.round(startSeconds * 1e6));
  return [
    'ffconcat version 1.0',
    ...chunks.flatMap(({ file }, index) => {
      const next = starts[index + 1];
      return [
        `file ${file}`,
        ...(next === undefined ? [] : [`duration ${((next - (starts[index] ?? 0)) / 1e6).toFixed(6)}`]),
      ];
    }),
    '',
  ].join('\n');
}

/** The join of a film's chunks that is decided on; nothing has run. */
export interface ChunkJoinPlan {
  /** What is done to the sound and why, for people. */
  readonly notes: readonly string[];
  readonly args: string[];
  readonly needs: { readonly encoders: readonly string[]; readonly filters: readonly string[] };
  readonly expect: VideoExpectation;
  readonly expectedBytes: number;
}

/** What a join is made from. */
export interface ChunkJoinFiles {
  /** Absolute paths: of the script, of the film, and of the output. */
  readonly script: string;
  readonly input: string;
  readonly output: string;
}

/** What of the joined pictures their chunks do not tell. */
export interface JoinedPictures {
  /** When the first one is shown, in seconds from the start of the film. */
  readonly firstSeconds: number;
  /** The place of the last one in the order of decoding, from 0. */
  readonly lastDecoded: number;
  /** How many times as long the last one is shown as its chunk says. */
  readonly lastStretch: number;
  /** The size of all chunks. */
  readonly chunkBytes: number;
}

/**
 * Where a chunk ends with pictures that come quickly and the next begins with some that come slowly, the latter would be
 * decoded before the former: they are decoded right after them instead, which changes nothing of when they are shown.
 * How long the last picture lasts only the film knows.
 */
const pictureTimes = ({ lastDecoded, lastStretch }: JoinedPictures): string =>
  'setts=pts=PTS:dts=max(PREV_OUTDTS+1\\,DTS):' +
  `duration=if(eq(N\\,${String(lastDecoded)})\\,DURATION*${lastStretch.toFixed(6)}\\,DURATION)`;

/**
 * Joins the pictures of chunks as they are, with the film's sound, made once, its metadata and its chapters.
 * @throws {MediaError} INVALID_PARAMETERS for a preset that chunks cannot be encoded by, or sound that does not fit the
 * container
 */
export function planChunkJoin(
  settings: PresetSettings,
  media: MediaInfo,
  pictures: JoinedPictures,
  files: ChunkJoinFiles,
): ChunkJoinPlan {
  const picture = planChunkedPicture(settings, media);
  const sound = planSound(settings.audio, media.audio, settings.container);
  const { muxer, container } = FORMATS[settings.container];
  const isMp4 = settings.container === 'mp4';
  const durationSeconds = playingSeconds(media, { picture: true, sound: sound !== null });
  const { firstSeconds, chunkBytes } = pictures;
  const args = [
    '-xerror',
    ...(firstSeconds > 0 ? ['-itsoffset', firstSeconds.toFixed(6)] : []),
    // The chunks' headers are the same, so nothing has to be put into the stream.
    ...['-auto_convert', '0', ...guardedInput(files.script, 'concat,mov'), ...guardedInput(files.input)],
    ...['-map', '0:v:0', ...(sound === null ? ['-an'] : ['-map', '1:a:0'])],
    ...['-sn', '-dn', '-map_metadata', '1', '-map_chapters', '1', '-c:v', 'copy', '-bsf:v', pictureTimes(pictures)],
    ...(isMp4 && picture.codec === 'hevc' ? ['-tag:v', 'hvc1'] : []),
    ...(sound === null ? [] : soundOptions(sound)),
    ...(isMp4 ? ['-movflags', '+faststart', '-video_track_timescale', String(CHUNK_TICKS)] : []),
    ...['-max_muxing_queue_size', MUXING_QUEUE, '-f', muxer, outputFile(files.output)],
  ];
  return {
    notes: [...(sound?.notes ?? []), ...(sound === null && media.audio !== null ? ['its sound is left out'] : [])],
    args,
    needs: needsOf(null, null, sound),
    expect: {
      ...{ kind: 'video', container, videoCodec: picture.codec, audioCodec: sound?.codec ?? null },
      ...{ ...picture.size, durationSeconds },
    },
    expectedBytes: chunkBytes + soundBytes(settings, media, durationSeconds),
  };
}

function soundBytes({ audio }: PresetSettings, media: MediaInfo, seconds: number | null): number {
  const isMute = audio.codec === 'none' || media.audio === null;
  const kbps = isMute ? 0 : (audio.bitrateKbps ?? media.audio?.bitrateKbps ?? 0);
  return expectedBytes({ seconds, kbps, inputBytes: null });
}
