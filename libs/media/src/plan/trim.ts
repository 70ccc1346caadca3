import { MediaError } from '../errors.js';
import type { VideoExpectation } from '../expectation.js';
import { guardedInput, outputFile, threadOptions } from '../input.js';
import type { MediaInfo } from '../media-info.js';
import type { PictureHeader } from '../pictures.js';
import { mustBeCopyable } from './sound.js';
import type { FilmRange, PictureSpan, SmartCut } from './trim-cuts.js';

/** The encoders that cutting ranges out cannot do without. */
export const TRIM_ENCODERS = ['libx264', 'aac'];

/** How far a range's end may lie beyond the film, in seconds: durations are rounded when they are shown. */
const END_TOLERANCE_SECONDS = 0.05;

/**
 * How far before a key picture reading starts, in seconds. Some containers are entered by the time at which pictures
 * are decoded, which is earlier, or at any picture; what comes before the wanted one is dropped.
 */
const EARLY_SECONDS = 0.5;

/** The clock of MPEG-TS, in ticks a second, through which the pieces are joined. */
const TICKS = 90_000;

/** The number of the parameter sets of what is encoded: the highest, which no encoder gives its own. */
const OWN_PARAMETER_SETS = '31';

/** What the pictures of one piece are encoded with: near the original, since it stands beside it. */
const QUALITY = ['-preset', 'fast', '-crf', '18', '-pix_fmt', 'yuv420p'];

/** H.264 profiles that are joined, with the encoder's name for each. */
const JOINED_PROFILES = new Map([
  ['Constrained Baseline', 'baseline'],
  ['Baseline', 'baseline'],
  ['Main', 'main'],
  ['High', 'high'],
]);

/** What an MP4 may hold. Matroska holds everything. */
const MP4_PICTURES = ['h264', 'hevc', 'av1', 'vp9', 'mpeg4'];
const MP4_SOUNDS = ['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac'];

/** The containers that a trimmed video may have, by the ends of their names, with ffmpeg's names for them. */
const CONTAINERS = new Map([
  ['mp4', 'mp4'],
  ['m4v', 'mp4'],
  ['mov', 'mov'],
  ['mkv', 'matroska'],
]);

/**
 * The range that is asked for, cut to the film.
 * @throws {MediaError} INVALID_PARAMETERS when it lies beyond the film
 */
export function trimRange({ start, end }: FilmRange, { durationSeconds }: MediaInfo): FilmRange {
  if (durationSeconds === null) return { start, end };
  const refuse = (name: string, seconds: number): MediaError =>
    new MediaError(
      'INVALID_PARAMETERS',
      `${name} (${String(seconds)} s) is beyond the film, which lasts ${durationSeconds.toFixed(3)} s`,
      { facts: { start, end, durationSeconds } },
    );
  if (start >= durationSeconds) throw refuse('start', start);
  if (end > durationSeconds + END_TOLERANCE_SECONDS) throw refuse('end', end);
  return { start, end: Math.min(end, durationSeconds) };
}

/** Why a film's pictures cannot be joined with ones that are encoded now; null when they can. */
export function joinMisfit({ video }: MediaInfo, { fieldOrder }: PictureHeader): string | null {
  if (video?.codec !== 'h264') return `only H.264 can be joined, and its picture is ${video?.codec ?? 'missing'}`;
  if (!JOINED_PROFILES.has(video.profile ?? '')) return `its H.264 profile is ${String(video.profile)}`;
  if (video.pixelFormat !== 'yuv420p') return `its pixel format is ${String(video.pixelFormat)}`;
  if (fieldOrder !== null && !['progressive', 'unknown'].includes(fieldOrder)) return 'it is interlaced';
  return video.rotation === 0 ? null : `its picture is turned by ${String(video.rotation)} degrees`;
}

/** The end of the name of an output that no path was asked for. */
export const defaultExtension = (media: MediaInfo, encodes: boolean): 'mp4' | 'mkv' =>
  (encodes || MP4_PICTURES.includes(media.video?.codec ?? '')) && fitsMp4(media) ? 'mp4' : 'mkv';

const fitsMp4 = ({ audio }: MediaInfo): boolean => audio === null || MP4_SOUNDS.includes(audio.codec);

/**
 * The container that an output's name asks for.
 * @throws {MediaError} INVALID_PARAMETERS when it is none that is written
 */
export function trimContainer(extension: string): string {
  const container = CONTAINERS.get(extension);
  if (container !== undefined) return container;
  const names = [...CONTAINERS.keys()].map((name) => `.${name}`).join(', ');
  throw new MediaError('INVALID_PARAMETERS', `the output's name must end with one of ${names}`);
}

/** What every command of a trim is made from. */
export interface TrimFiles {
  /** Absolute path. */
  readonly input: string;
  /** Absolute path of the temporary output. */
  readonly output: string;
  readonly container: string;
}

/** One command, and what must come of it. */
export interface TrimPlan {
  readonly args: string[];
  readonly expect: VideoExpectation;
}

/**
 * Copies from a key picture on, by a count of pictures: times alone would end somewhere in a group of pictures.
 * @param frameSeconds the shortest time between two pictures
 * @throws {MediaError} INPUT_UNREADABLE when the sound does not tell how it is coded; INVALID_PARAMETERS when the
 * container cannot hold what is copied
 */
export function planCopy(media: MediaInfo, span: PictureSpan, frameSeconds: number, files: TrimFiles): TrimPlan {
  const { video, audio } = media;
  mustBeCopyable(audio);
  const isMp4 = files.container !== 'matroska';
  if (isMp4 && !(MP4_PICTURES.includes(video?.codec ?? '') && fitsMp4(media))) {
    const held = [video?.codec, audio?.codec].filter((codec) => codec !== undefined).join(' and ');
    throw new MediaError('INVALID_PARAMETERS', `${held} cannot be copied into an MP4: let the name end with .mkv`);
  }
  const args = [
    ...copyFrom(files.input, span, frameSeconds),
    ...['-map', '0:V:0', '-map', '0:a:0?', '-sn', '-dn', '-map_metadata', '0', '-c:v', 'copy', '-c:a', 'copy'],
    ...['-copypriorss', '0', '-frames:v', String(span.frames)],
    ...['-t', seconds(span.to - span.from + frameSeconds / 2), '-avoid_negative_ts', 'make_zero'],
    ...muxer(files),
  ];
  const copied = { videoCodec: video?.codec ?? '', audioCodec: audio?.codec ?? null };
  return { args, expect: { ...expectation(media, files.container, span.to - span.from), ...copied } };
}

/**
 * Decodes exactly and encodes all.
 * @param key when the key picture before the range is shown
 */
export function planEncode(
  media: MediaInfo,
  { start, end, key }: FilmRange & { key: number },
  files: TrimFiles,
  threads?: number,
): TrimPlan {
  const upright = media.video !== null && media.video.rotation % 180 !== 0;
  const expect = expectation(media, files.container, end - start);
  const size = {
    width: even(upright ? expect.height : expect.width),
    height: even(upright ? expect.width : expect.height),
  };
  const args = [
    ...[...read(files.input, key), '-map', '0:V:0', '-map', '0:a:0?', '-sn', '-dn', '-map_metadata', '0'],
    ...['-ss', seconds(start - early(key)), '-t', seconds(end - start)],
    ...['-vf', `scale=${String(size.width)}:${String(size.height)}`, '-fps_mode', 'passthrough'],
    ...['-enc_time_base', `1:${String(TICKS)}`, '-c:v', 'libx264', ...QUALITY, ...threadOptions(threads)],
    ...(media.audio === null ? ['-an'] : ['-c:a', 'aac', '-b:a', '192k']),
    ...muxer(files),
  ];
  const audioCodec = media.audio === null ? null : 'aac';
  return { args, expect: { ...expect, ...size, videoCodec: 'h264', audioCodec } };
}

/** A piece of a smart cut: a file that holds pictures only. */
export interface SmartPiece {
  readonly phase: 'head' | 'middle' | 'tail';
  readonly args: string[];
  readonly file: string;
  readonly seconds: number;
}

/**
 * The pieces of a smart cut. What is encoded gets parameter sets of its own number, so that both can stand in one
 * stream, and no bidirectional pictures. What is decoded ahead in the copied middle must not overtake the end of the
 * head: the head is moved ahead by as much.
 * @param folder where the pieces go
 */
export function planPieces(
  media: MediaInfo,
  header: PictureHeader,
  cut: SmartCut,
  frameSeconds: number,
  files: { input: string; folder: string },
  threads?: number,
): SmartPiece[] {
  const { head, middle, tail } = cut;
  const profile = JOINED_PROFILES.get(media.video?.profile ?? '') ?? 'high';
  const only = (span: PictureSpan): string[] => [
    '-map',
    '0:V:0',
    '-an',
    '-sn',
    '-dn',
    '-frames:v',
    String(span.frames),
  ];
  const decode = (span: PictureSpan): string[] => [
    ...[...read(files.input, span.key), ...only(span)],
    ...['-ss', seconds(Math.max(0, span.from - frameSeconds / 2 - early(span.key)))],
  ];
  const encode = [
    ...['-fps_mode', 'passthrough', '-enc_time_base', `1:${String(TICKS)}`, '-c:v', 'libx264', '-profile:v', profile],
    ...[...QUALITY, '-bf', '0', '-x264-params', `sps-id=${OWN_PARAMETER_SETS}`, ...threadOptions(threads)],
  ];
  // Twice a picture for each that is reordered: with varying frame rates, some last longer than the shortest.
  const ahead = Math.ceil(header.reorderedFrames * 2 * frameSeconds * TICKS);
  const sink = (name: string): string[] => [
    ...['-muxdelay', '0', '-muxpreload', '0', '-f', 'mpegts', outputFile(`${files.folder}/${name}.ts`)],
  ];
  const piece = (phase: SmartPiece['phase'], span: PictureSpan, args: string[]): SmartPiece => ({
    phase,
    args: [...args, ...sink(phase)],
    file: `${phase}.ts`,
    seconds: span.to - span.from,
  });
  const shifted = ahead > 0 ? ['-bsf:v', `setts=dts=DTS-${String(ahead)}`] : [];
  return [
    ...(head === null ? [] : [piece('head', head, [...decode(head), ...encode, ...shifted])]),
    piece('middle', middle, [
      ...copyFrom(files.input, middle, frameSeconds),
      ...only(middle),
      '-copypriorss',
      '0',
      '-c:v',
      'copy',
    ]),
    ...(tail === null ? [] : [piece('tail', tail, [...decode(tail), ...encode])]),
  ];
}

/**
 * The script that joins the pieces. It carries the parameter sets of both the encoded and the copied pictures, in
 * the order in which they come, for the one header that the output has.
 * @param extradata of each piece, in order, as hexadecimal digits
 */
export function joinScript(
  pieces: readonly Pick<SmartPiece, 'file' | 'seconds'>[],
  extradata: readonly string[],
): string {
  return [
    'ffconcat version 1.0',
    ...['stream', 'exact_stream_id 0x100', 'stream_codec h264'],
    `stream_extradata ${[...new Set(extradata)].join('')}`,
    ...pieces.flatMap(({ file, seconds: length }) => [`file ${file}`, `duration ${seconds(length)}`]),
    '',
  ].join('\n');
}

/**
 * Joins the pieces, and puts the input's sound beside them: copied, unless the container cannot hold it.
 * @throws {MediaError} INPUT_UNREADABLE when a sound that is copied does not tell how it is coded
 */
export function planJoin(media: MediaInfo, cut: SmartCut, script: string, files: TrimFiles): TrimPlan {
  const { audio } = media;
  const start = (cut.head ?? cut.middle).from;
  const length = (cut.tail ?? cut.middle).to - start;
  const copies = files.container === 'matroska' || fitsMp4(media);
  if (copies) mustBeCopyable(audio);
  const sound = copies ? ['-c:a', 'copy', '-copypriorss:a', '0'] : ['-c:a', 'aac', '-b:a', '192k'];
  const args = [
    ...guardedInput(script, 'concat,mpegts'),
    ...['-ss', seconds(start), '-t', seconds(length), ...guardedInput(files.input)],
    ...['-map', '0:v:0', '-map', '1:a:0?', '-map_metadata', '1', '-c:v', 'copy', ...(audio === null ? [] : sound)],
    ...muxer(files),
  ];
  const audioCodec = copies ? (audio?.codec ?? null) : 'aac';
  return { args, expect: { ...expectation(media, files.container, length), videoCodec: 'h264', audioCodec } };
}

/** Reads the input from a little before a key picture on. */
const read = (input: string, key: number): string[] => ['-ss', seconds(early(key)), ...guardedInput(input)];

const early = (key: number): number => Math.max(0, key - EARLY_SECONDS);

/**
 * Reads the input for a copy, which must start at a key picture: `-copypriorss 0` drops those before it. Half a
 * picture early, so that rounding cannot drop it as well.
 */
const copyFrom = (input: string, { from }: PictureSpan, frameSeconds: number): string[] => [
  ...['-ss', seconds(Math.max(0, from - frameSeconds / 2)), ...guardedInput(input)],
];

const expectation = ({ video }: MediaInfo, container: string, durationSeconds: number): VideoExpectation => ({
  kind: 'video',
  container,
  videoCodec: 'h264',
  audioCodec: null,
  width: video?.width ?? 0,
  height: video?.height ?? 0,
  durationSeconds,
});

const muxer = ({ container, output }: TrimFiles): string[] => [
  ...(container === 'matroska' ? [] : ['-movflags', '+faststart']),
  ...['-max_muxing_queue_size', '1024', '-f', container, outputFile(output)],
];

/** 4:2:0 pictures have even sides. */
const even = (side: number): number => Math.max(2, side - (side % 2));

const seconds = (value: number): string => value.toFixed(6);
