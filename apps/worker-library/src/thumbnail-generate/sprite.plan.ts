import {
  displaySize,
  guardedInput,
  outputFile,
  type PictureExpectation,
  type PictureSize,
  type VideoStreamInfo,
} from '@reelay/media';
import { webvtt } from '@reelay/media/plan';

/** Where the sheets lie, beside the WebVTT file; the API serves them below the same name. */
export const SHEETS_FOLDER = 'sprite';
/** The file that a sprite is known by. */
export const CUES_FILE = 'sprite.vtt';

const DEFAULT_WIDTH = 160;
const DEFAULT_COLUMNS = 10;
const DEFAULT_COUNT = 100;
/** Pictures closer than this, in seconds, are only made where they are asked for. */
const DEFAULT_LEAST_INTERVAL = 1;
const MOST_TILES = 1000;
const MOST_ROWS = 10;

/** Longest side of a sheet in pixels, unless one tile is longer: what every browser decodes, on phones as well. */
const LONGEST_SHEET_SIDE = 4096;
/** Highest tile in pixels: of a very tall video, tiles become narrower. */
const HIGHEST_TILE = 1024;

/** 2 (best) to 31; artefacts do not show at a tile's size. */
const JPEG_QUALITY = '4';

/** Films up to this many seconds are decoded whole in a moment. */
const SHORT_SECONDS = 60;
/**
 * Tiles closer than this, in seconds, would often show the same key picture. From here on only key pictures are
 * decoded: of ten minutes at 1280x720 that takes 1 s instead of 10 s.
 */
const KEYS_FROM_INTERVAL = 4;
/**
 * From this interval on it is quicker to seek to each tile (75 ms) than to read what lies between (2 ms and a
 * megabyte for each second of film).
 */
const SEEKS_FROM_INTERVAL = 40;

/** Which pictures a tile may show: the one at its time, or the key picture before it, found in one pass or by seeks. */
type SpriteMethod = 'all' | 'keys' | 'seeks';

/** What a job asks for. */
export interface SpriteRequest {
  readonly width?: number | undefined;
  readonly intervalSeconds?: number | undefined;
  readonly count?: number | undefined;
  readonly columns?: number | undefined;
}

/** How a sprite is laid out. */
export interface SpriteLayout {
  readonly durationSeconds: number;
  readonly tile: PictureSize;
  readonly tiles: number;
  readonly intervalSeconds: number;
  readonly columns: number;
  /** Of every sheet; what the last one has no tiles for stays black. */
  readonly rows: number;
  readonly sheets: number;
  readonly method: SpriteMethod;
}

/** Decides how many tiles there are, how large they are, and how they are found. */
export function planLayout(video: VideoStreamInfo, durationSeconds: number, asked: SpriteRequest): SpriteLayout {
  const tile = tileSize(video, asked.width ?? DEFAULT_WIDTH);
  const { intervalSeconds, tiles } = spacing(durationSeconds, asked);
  const columns = Math.min(asked.columns ?? DEFAULT_COLUMNS, tiles, fitting(tile.width));
  const rows = Math.min(Math.ceil(tiles / columns), MOST_ROWS, fitting(tile.height));
  return {
    durationSeconds,
    tile,
    tiles,
    intervalSeconds,
    columns,
    rows,
    sheets: Math.ceil(tiles / (columns * rows)),
    method: methodFor(durationSeconds, intervalSeconds),
  };
}

const fitting = (side: number): number => Math.max(1, Math.floor(LONGEST_SHEET_SIDE / side));

/** Upright, with square pixels and even sides; as wide as asked, but never wider than the video. */
function tileSize(video: VideoStreamInfo, width: number): PictureSize {
  const shown = displaySize(video);
  const factor = Math.min(1, width / shown.width, HIGHEST_TILE / shown.height);
  return evenSize(shown, factor);
}

/** A size made smaller, with the even sides that pictures with half the colours need; no larger than it was, but 2 at least. */
export function evenSize({ width, height }: PictureSize, factor: number): PictureSize {
  const evenSide = (side: number): number => {
    const nearest = Math.round((side * factor) / 2) * 2;
    return Math.max(2, nearest > side ? nearest - 2 : nearest);
  };
  return { width: evenSide(width), height: evenSide(height) };
}

function spacing(durationSeconds: number, { intervalSeconds, count }: SpriteRequest) {
  // Cues are counted in milliseconds.
  const most = Math.max(1, Math.min(MOST_TILES, Math.floor(durationSeconds * 1000)));
  if (intervalSeconds !== undefined) {
    const tiles = Math.ceil(durationSeconds / intervalSeconds - 1e-6);
    if (tiles <= most) return { intervalSeconds, tiles: Math.max(1, tiles) };
    return { intervalSeconds: durationSeconds / most, tiles: most };
  }
  const usual = Math.min(DEFAULT_COUNT, Math.floor(durationSeconds / DEFAULT_LEAST_INTERVAL));
  const tiles = Math.max(1, Math.min(count ?? usual, most));
  return { intervalSeconds: durationSeconds / tiles, tiles };
}

function methodFor(durationSeconds: number, intervalSeconds: number): SpriteMethod {
  if (durationSeconds <= SHORT_SECONDS || intervalSeconds < KEYS_FROM_INTERVAL) return 'all';
  return intervalSeconds < SEEKS_FROM_INTERVAL ? 'keys' : 'seeks';
}

/** Bytes of a tile before it is encoded: a picture with half the colours. */
export const tileBytes = ({ tile }: SpriteLayout): number => (tile.width * tile.height * 3) / 2;

/** The time in the middle of what a tile stands for: there it shows the picture. */
const tileTime = ({ intervalSeconds }: SpriteLayout, index: number): number => (index + 0.5) * intervalSeconds;

/** The argv that writes all tiles, one after the other, as raw pictures. A film that ends early has its last repeated. */
export function planTiles(input: string, layout: SpriteLayout, method: 'all' | 'keys', output: string): string[] {
  const { intervalSeconds, tiles } = layout;
  const filters = [
    // `fps` shows, at each moment, the last picture that began before it. Moved on by half a tile, the film's first
    // moments, and so a picture even of a film that has one only, are at moment 0, and the first tile at moment 1.
    `setpts=PTS+${tileTime(layout, 0).toFixed(6)}/TB`,
    `fps=1/${intervalSeconds.toFixed(6)}:start_time=0:round=up`,
    tileFilter(layout),
    `tpad=stop_mode=clone:stop=${String(tiles)}`,
    'trim=start_frame=1',
    'setpts=PTS-STARTPTS',
  ];
  return [
    ...(method === 'keys' ? ['-skip_frame', 'nokey'] : []),
    ...[...guardedInput(input), '-map', '0:V:0', '-vf', filters.join(',')],
    ...['-frames:v', String(tiles), '-f', 'rawvideo', outputFile(output)],
  ];
}

/** The argv that writes the key picture before a tile's time as a raw picture; nothing where there is none. */
export function planTile(input: string, layout: SpriteLayout, index: number, output: string): string[] {
  return [
    ...['-skip_frame', 'nokey', '-noaccurate_seek', '-ss', tileTime(layout, index).toFixed(3), ...guardedInput(input)],
    ...['-map', '0:V:0', '-vf', tileFilter(layout), '-frames:v', '1', '-f', 'rawvideo', outputFile(output)],
  ];
}

const tileFilter = ({ tile }: SpriteLayout): string =>
  `scale=${String(tile.width)}:${String(tile.height)}:flags=area,setsar=1,format=yuv420p`;

/** A sheet to be made. */
export interface SheetPlan {
  readonly args: string[];
  readonly expect: PictureExpectation;
}

/** The argv that puts raw tiles together to sheet `index`, counted from 0. */
export function planSheet(tilesFile: string, layout: SpriteLayout, index: number, output: string): SheetPlan {
  const { tile, columns, rows } = layout;
  const size = `${String(tile.width)}x${String(tile.height)}`;
  const args = [
    ...['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size', size, '-framerate', '1'],
    ...[
      '-skip_initial_bytes',
      String(index * columns * rows * tileBytes(layout)),
      ...guardedInput(tilesFile, 'rawvideo'),
    ],
    ...['-vf', `tile=${String(columns)}x${String(rows)}`, '-frames:v', '1'],
    ...['-c:v', 'mjpeg', '-q:v', JPEG_QUALITY, '-pix_fmt', 'yuvj420p'],
    ...['-f', 'image2', '-update', '1', outputFile(output)],
  ];
  return {
    args,
    expect: { kind: 'picture', videoCodec: 'mjpeg', width: columns * tile.width, height: rows * tile.height },
  };
}

/** The name of sheet `index`, counted from 0, relative to the WebVTT file. */
export const sheetName = (index: number): string => `${SHEETS_FOLDER}/${String(index + 1)}.jpg`;

/** The WebVTT file: a cue for each tile, from the film's start to its end without a gap. */
export function spriteCues(layout: SpriteLayout): string {
  const { tile, tiles, columns, rows, intervalSeconds, durationSeconds } = layout;
  const cues = Array.from({ length: tiles }, (_, index) => {
    const [sheet, place] = [Math.floor(index / (columns * rows)), index % (columns * rows)];
    const [x, y] = [(place % columns) * tile.width, Math.floor(place / columns) * tile.height];
    const end = index === tiles - 1 ? durationSeconds : (index + 1) * intervalSeconds;
    const where = [x, y, tile.width, tile.height].join(',');
    return { start: index * intervalSeconds, end, text: `${sheetName(sheet)}#xywh=${where}` };
  });
  return webvtt(cues);
}

/** Whether so many tiles repeat the one before that key pictures are too rare to tell the times apart. */
export const isMostlyRepeated = (repeated: number, { tiles }: SpriteLayout): boolean => repeated > tiles / 2;
