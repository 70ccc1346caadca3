import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParametersOf, thumbnailGenerate } from '@reelay/contracts';
import {
  describeDimensions,
  describeSize,
  MediaError,
  outputBaseName,
  produceOutput,
  reportProgress,
  shareOf,
  verifyOutput,
  type Ffmpeg,
  type LibraryOutput,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, Order, ProcessorResult } from '@reelay/worker-sdk';
import { runLogged } from './run-logged.js';
import {
  CUES_FILE,
  isMostlyRepeated,
  planLayout,
  planSheet,
  planTile,
  planTiles,
  sheetName,
  SHEETS_FOLDER,
  spriteCues,
  tileBytes,
  type SpriteLayout,
} from './sprite.plan.js';
import { OUTPUT_FOLDER, type Film } from './thumbnail-input.js';

type Thumbnail = typeof thumbnailGenerate;

/** The share of the progress at which all tiles are there. */
const TILES_PERCENT = 80;

/** Makes the sheets of evenly spaced pictures, and the file that tells players what is where on them. */
export class SpriteMaker {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async make(film: Film, order: Order<Thumbnail>, job: JobContext): Promise<ProcessorResult<Thumbnail>> {
    const { input } = film;
    const layout = planLayout(film.video, film.durationSeconds, order.parameters);
    const output = await this.chooseOutput(input.relative, order.parameters, order);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (folder) => this.fill(folder, film, layout, job),
      verify: (folder) => this.verify(folder, layout, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { tile, tiles, intervalSeconds } = layout;
    const spritePath = `${path}/${CUES_FILE}`;
    const sheets = sheetNames(layout).map((name) => `${path}/${name}`);
    job.log(
      `output ${spritePath}: ${String(tiles)} pictures of ${describeDimensions(tile)} on ${String(sheets.length)} ` +
        `sheets, ${describeSize(verified.sizeBytes)}`,
    );
    return {
      destinationPaths: [spritePath, ...sheets],
      result: {
        kind: 'sprite',
        spritePath,
        sheets,
        tiles,
        intervalSeconds,
        ...tile,
        sizeBytes: verified.sizeBytes,
        videos: [{ path: input.relative, spritePath }],
      },
    };
  }

  private async chooseOutput(
    input: string,
    { outputPath }: ParametersOf<Thumbnail>,
    order: Order<Thumbnail>,
  ): Promise<LibraryOutput> {
    if (outputPath !== undefined) return this.library.resolveOutput(outputPath, order, CUES_FILE);
    const name = { directory: OUTPUT_FOLDER, base: outputBaseName(input), extension: 'sprite', main: CUES_FILE };
    return this.library.freeOutput(name, order);
  }

  private async fill(folder: string, film: Film, layout: SpriteLayout, job: JobContext): Promise<void> {
    const tiles = await this.tilesOf(film, layout, job);
    await mkdir(join(folder, SHEETS_FOLDER));
    for (const [index, name] of sheetNames(layout).entries()) {
      job.progress({ phase: 'sheets', percent: TILES_PERCENT + (index / layout.sheets) * (90 - TILES_PERCENT) });
      await runLogged(this.ffmpeg, planSheet(tiles, layout, index, join(folder, name)).args, job);
    }
    await writeFile(join(folder, CUES_FILE), spriteCues(layout));
  }

  /** Writes all tiles as raw pictures into one file. */
  private async tilesOf(film: Film, layout: SpriteLayout, job: JobContext): Promise<string> {
    if (layout.method !== 'all') {
      const tiles =
        layout.method === 'keys'
          ? await this.onePass('keys', film, layout, job)
          : await this.bySeeks(film, layout, job);
      if (!isMostlyRepeated(await repeatedTiles(tiles, layout), layout)) return tiles;
      job.log('its key pictures are too far apart: all pictures are decoded');
    }
    return this.onePass('all', film, layout, job);
  }

  private async onePass(method: 'all' | 'keys', film: Film, layout: SpriteLayout, job: JobContext): Promise<string> {
    const tiles = join(job.workDir, `${method}.yuv`);
    const onProgress = reportProgress(shareOf(job, 0, TILES_PERCENT), 'pictures');
    await runLogged(this.ffmpeg, planTiles(film.input.absolute, layout, method, tiles), job, {
      durationSeconds: layout.tiles * layout.intervalSeconds,
      onProgress,
    });
    const found = (await stat(tiles).catch(() => null))?.size ?? 0;
    if (found !== layout.tiles * tileBytes(layout)) throw noPicture();
    return tiles;
  }

  /** A tile without a picture repeats the one before; the first ones, that after them. */
  private async bySeeks(film: Film, layout: SpriteLayout, job: JobContext): Promise<string> {
    const tiles = join(job.workDir, 'seeks.yuv');
    const file = await open(tiles, 'w');
    try {
      let last: Buffer | null = null;
      let missing = 0;
      for (let index = 0; index < layout.tiles; index++) {
        job.progress({ phase: 'pictures', percent: (index / layout.tiles) * TILES_PERCENT });
        last = (await this.tileAt(index, film, layout, job)) ?? last;
        if (last === null) missing++;
        else for (; missing >= 0; missing--) await file.write(last);
        missing = Math.max(missing, 0);
      }
      if (last === null) throw noPicture();
    } finally {
      await file.close();
    }
    return tiles;
  }

  /** Null when there is no picture, or it is broken. */
  private async tileAt(index: number, film: Film, layout: SpriteLayout, job: JobContext): Promise<Buffer | null> {
    const file = join(job.workDir, 'tile.yuv');
    await writeFile(file, '');
    try {
      const { signal, pause } = job;
      const args = planTile(film.input.absolute, layout, index, file);
      await this.ffmpeg.run(args, { signal, pause, durationSeconds: null });
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
    }
    const tile = await readFile(file);
    return tile.length === tileBytes(layout) ? tile : null;
  }

  private async verify(folder: string, layout: SpriteLayout, job: JobContext): Promise<{ sizeBytes: number }> {
    job.progress({ phase: 'verify', percent: 90 });
    const cues = await readFile(join(folder, CUES_FILE), 'utf8').catch(() => '');
    if (cues !== spriteCues(layout)) throw new MediaError('OUTPUT_INVALID', 'its cues are not those of the plan');
    let sizeBytes = Buffer.byteLength(cues);
    for (const [index, name] of sheetNames(layout).entries()) {
      const sheet = join(folder, name);
      await verifyOutput(this.ffmpeg, sheet, planSheet('', layout, index, sheet).expect, job);
      sizeBytes += (await stat(sheet)).size;
    }
    return { sizeBytes };
  }
}

const sheetNames = ({ sheets }: SpriteLayout): string[] =>
  Array.from({ length: sheets }, (_, index) => sheetName(index));

const noPicture = (): MediaError => new MediaError('INPUT_UNREADABLE', 'no frame of the input could be decoded');

/** How many tiles are the same as the one before. */
async function repeatedTiles(tiles: string, layout: SpriteLayout): Promise<number> {
  const bytes = tileBytes(layout);
  const file = await open(tiles);
  try {
    let repeated = 0;
    let before = Buffer.alloc(0);
    for (let index = 0; index < layout.tiles; index++) {
      const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, index * bytes);
      if (buffer.equals(before)) repeated++;
      before = buffer;
    }
    return repeated;
  } finally {
    await file.close();
  }
}
