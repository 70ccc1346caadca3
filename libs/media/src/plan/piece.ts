import { guardedInput, outputFile, threadOptions } from '../input.js';
import { displaySize, type MediaInfo, type PictureSize } from '../media-info.js';
import { rateText } from './picture.js';

/** The encoders that joined pieces cannot do without. */
export const PIECE_ENCODERS = ['libx264', 'aac'];

/** Samples a second of every compilation's sound. */
const SAMPLE_RATE = 48_000;

/** How loud each source is made, in LUFS: what the large streaming services use. */
const TARGET_LUFS = -16;

/** The most that a source is made louder or softer, in dB: more would turn noise into sound. */
const MOST_GAIN_DB = 20;

/** Below this a source counts as silent, in LUFS: the meter's gate ends there. */
const SILENT_LUFS = -69;

/** The form that every piece of a compilation has, so that they can be joined without encoding them again. */
export interface PieceFormat extends PictureSize {
  readonly fps: number;
}

/** A file that pieces are taken from. */
export interface Source {
  /** Absolute path. */
  readonly path: string;
  readonly media: MediaInfo;
}

/** A video of the library that pieces are taken from. */
export interface LibrarySource extends Source {
  /** Relative to the library. */
  readonly relative: string;
  readonly durationSeconds: number;
}

/** A part of a source, counted in pictures of the compilation's frame rate. */
export interface Part {
  readonly source: Source;
  readonly fromFrame: number;
  readonly frames: number;
  /** How much louder, in dB. */
  readonly gainDb: number;
}

/** Text drawn over the first seconds of a piece. */
export interface PieceTitle {
  /** Absolute path of a file with the text: text in a command would need quoting. */
  readonly textFile: string;
  readonly fontFile: string;
}

/** How many pictures a duration has. */
export const framesIn = (seconds: number, fps: number): number => Math.max(1, Math.round(seconds * fps));

/**
 * The filters that show at every moment the last picture before it: films whose pictures are minutes apart, or end
 * before their sound, have one everywhere. Without one, `xfade` and `xstack` of ffmpeg 5 wait for ever. The first `fps`
 * keeps a picture that is shown for less than one of the output, and gives `tpad` a rate to repeat it at.
 * @param from the first picture that is wanted, before which others may come
 */
export function heldPicture(fps: number, from = 0): string[] {
  const rate = rateText(fps);
  const start = from === 0 ? ['start_time=0'] : [`start_time=${(from / fps).toFixed(6)}`, 'setpts=PTS-STARTPTS'];
  return [`fps=${rate}:eof_action=pass`, 'tpad=stop=-1:stop_mode=clone', `fps=${rate}:${start.join(',')}`];
}

/**
 * The filters that make a source's picture fit a cell: upright, with square pixels, its shape kept, black around it. Its
 * last picture is repeated without an end.
 * @param from the first picture that is wanted, before which others may come
 */
export function fitFilters({ media }: Source, { width, height, fps }: PieceFormat, from = 0): string[] {
  const shown = media.video === null ? { width, height } : displaySize(media.video);
  const scale = Math.min(width / shown.width, height / shown.height);
  const even = (side: number, most: number): number => Math.min(most, Math.max(2, Math.round((side * scale) / 2) * 2));
  const [across, down] = [even(shown.width, width), even(shown.height, height)];
  const [left, top] = [(width - across) / 2, (height - down) / 2].map((space) => Math.floor(space / 2) * 2);
  return [
    ...heldPicture(fps, from),
    `scale=${String(across)}:${String(down)}`,
    `pad=${String(width)}:${String(height)}:${String(left)}:${String(top)}:black`,
    'setsar=1',
    'format=yuv420p',
  ];
}

/**
 * The filters that give a source's sound its loudness, and make it last exactly as long as the picture.
 * @param from the first picture that is wanted, before which others may come
 */
export function soundFilters(gainDb: number, frames: number, fps: number, from = 0): string[] {
  return [
    `aresample=${String(SAMPLE_RATE)}:async=1:first_pts=${String(Math.round((from / fps) * SAMPLE_RATE))}`,
    ...(from === 0 ? [] : ['asetpts=PTS-STARTPTS']),
    'aformat=sample_fmts=fltp:channel_layouts=stereo',
    ...(gainDb === 0 ? [] : [`volume=${gainDb.toFixed(2)}dB`, 'alimiter=limit=0.9:level=false']),
    'apad',
    `atrim=end_sample=${String(Math.round((frames / fps) * SAMPLE_RATE))}`,
  ];
}

/** Streams without an index are entered anywhere: nothing can be shown before their next key picture. */
const WITHOUT_INDEX = ['mpegts', 'mpeg'];
/** How much earlier those are entered: key pictures of broadcasts are seldom further apart. */
const LEAD_SECONDS = 10;

/** How many pictures before a part its source is entered. */
const leadOf = ({ source, fromFrame }: Part, fps: number): number =>
  WITHOUT_INDEX.includes(source.media.container) ? Math.min(fromFrame, Math.round(LEAD_SECONDS * fps)) : 0;

/**
 * The input of a part; one without sound is followed by an input of silence. All pictures from the key picture on are
 * read, so that the one that is shown when the part begins is among them.
 */
function partInput(part: Part, fps: number): string[] {
  const start = (part.fromFrame - leadOf(part, fps)) / fps;
  const seek = ['-noaccurate_seek', '-ss', start.toFixed(6)];
  return [...seek, ...guardedInput(part.source.path), ...silenceFor(part.source)];
}

/** An endless silent input for a source that has no sound. */
const silenceFor = ({ media }: Source): string[] =>
  media.audio === null ? ['-f', 'lavfi', '-i', `anullsrc=r=${String(SAMPLE_RATE)}:cl=stereo`] : [];

/** The chains that turn input `index` into the pads `[v<name>]` and `[a<name>]`. */
function partChains(part: Part, index: number, name: string, format: PieceFormat, more: readonly string[]): string[] {
  const { source, frames, gainDb } = part;
  const lead = leadOf(part, format.fps);
  const picture = [...fitFilters(source, format, lead), `trim=end_frame=${String(frames)}`, ...more];
  const isSilent = source.media.audio === null;
  const sound = soundFilters(gainDb, frames, format.fps, isSilent ? 0 : lead);
  return [
    `[${String(index)}:V:0]${picture.join(',')}[v${name}]`,
    `[${String(isSilent ? index + 1 : index)}:a:0]${sound.join(',')}[a${name}]`,
  ];
}

/** What a piece is encoded with. Its sound is kept whole until the pieces are joined. */
const pieceOutput = (frames: number, format: PieceFormat, output: string, threads?: number): string[] => [
  ...['-map', '[v]', '-map', '[a]', '-map_metadata', '-1', '-frames:v', String(frames)],
  ...pictureEncoder(format, threads),
  ...['-c:a', 'pcm_s16le', '-f', 'matroska', outputFile(output)],
];

/** How every compilation's picture is encoded. Pieces of one set-up can be joined. */
export const pictureEncoder = ({ fps }: PieceFormat, threads?: number): string[] => [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-profile:v', 'high', '-g', String(Math.round(fps * 2))],
  ...threadOptions(threads),
];

/** The argv that turns a part of a source into a piece. */
export function planPiece(
  part: Part,
  format: PieceFormat,
  output: string,
  options: { title?: PieceTitle | undefined; threads?: number | undefined } = {},
): string[] {
  const title = options.title === undefined ? [] : [titleFilter(options.title, format)];
  return [
    ...partInput(part, format.fps),
    ...['-filter_complex', partChains(part, 0, '', format, title).join(';')],
    ...pieceOutput(part.frames, format, output, options.threads),
  ];
}

/** The argv that turns the end of one source and the start of another, of equal length, into a crossfade. */
export function planCrossfade(from: Part, to: Part, format: PieceFormat, output: string, threads?: number): string[] {
  const seconds = (from.frames / format.fps).toFixed(6);
  const second = from.source.media.audio === null ? 2 : 1;
  const chains = [
    ...partChains(from, 0, '0', format, []),
    ...partChains(to, second, '1', format, []),
    `[v0][v1]xfade=transition=fade:duration=${seconds}:offset=0,format=yuv420p[v]`,
    `[a0][a1]acrossfade=d=${seconds}[a]`,
  ];
  return [
    ...[...partInput(from, format.fps), ...partInput(to, format.fps), '-filter_complex', chains.join(';')],
    ...pieceOutput(from.frames, format, output, threads),
  ];
}

/** How long a title is shown, in seconds. */
const TITLE_SECONDS = 3;

function titleFilter({ textFile, fontFile }: PieceTitle, { height }: PieceFormat): string {
  const size = Math.max(10, Math.round(height / 18));
  return [
    `drawtext=fontfile=${filterValue(fontFile)}`,
    `textfile=${filterValue(textFile)}`,
    'expansion=none',
    `fontsize=${String(size)}`,
    'fontcolor=white',
    'box=1',
    'boxcolor=black@0.6',
    `boxborderw=${String(Math.round(size / 2))}`,
    'x=(w-text_w)/2',
    `y=h-text_h-${String(size * 2)}`,
    `enable=lt(t\\,${String(TITLE_SECONDS)})`,
  ].join(':');
}

/** The argv that measures how loud a part is, and writes it to a file. */
export function planLoudness(
  { source, fromFrame, frames }: Omit<Part, 'gainDb'>,
  fps: number,
  output: string,
): string[] {
  const meter = ['ebur128=metadata=1', `ametadata=mode=print:key=lavfi.r128.I:file=${filterValue(output)}`];
  return [
    ...['-ss', (fromFrame / fps).toFixed(6), '-t', (frames / fps).toFixed(6), ...guardedInput(source.path)],
    ...['-map', '0:a:0', '-vn', '-af', meter.join(','), '-f', 'null', '-'],
  ];
}

/** How much louder a source is made, in dB, from what the meter wrote; a silent one stays as it is. */
export function gainFor(meterLog: string): number {
  const last = [...meterLog.matchAll(/^lavfi\.r128\.I=(-?[\d.]+)/gm)].at(-1)?.[1];
  const loudness = last === undefined ? NaN : Number(last);
  if (!(loudness > SILENT_LUFS)) return 0;
  return Math.max(-MOST_GAIN_DB, Math.min(MOST_GAIN_DB, Math.round((TARGET_LUFS - loudness) * 100) / 100));
}

/** A value in a filter's options, first quoted for the filter, then for the graph that it stands in. */
export const filterValue = (value: string): string =>
  value.replaceAll(/[\\':]/g, (sign) => `\\${sign}`).replaceAll(/[\\'[\],;]/g, (sign) => `\\${sign}`);
