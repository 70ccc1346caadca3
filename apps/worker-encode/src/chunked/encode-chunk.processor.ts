import { encodeChunk, type FilmChunk } from '@reelay/contracts';
import {
  blameInput,
  describeMedia,
  extensionOf,
  MediaError,
  outputBaseName,
  produceOutput,
  quoteCommand,
  readPictureHeader,
  reportProgress,
  verifyOutput,
  type Ffmpeg,
  type LibraryOutput,
  type MediaInfo,
  type MediaLibrary,
  type RunResult,
} from '@reelay/media';
import { listChunks, picturesFault, planChunk, type ChunkPlan, type FilmPictures } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { orderSettings } from '../transcode/order-settings.js';
import { requireFeatures } from '../transcode/required-features.js';
import { openFilm, readPictures, type Film } from './film.js';

type ChunkOrder = Order<typeof encodeChunk>;

/** Where chunks go that no path was asked for. */
const OUTPUT_FOLDER = 'work';

/** Digits of a chunk's number in its name. */
const INDEX_DIGITS = 4;

/** Pictures are listed up to this far around a chunk: those that are shown in it may be stored a little outside. */
const AROUND_SECONDS = 2;

/** Pictures of a chunk, and when they are shown. */
interface ChunkPictures {
  readonly chunk: FilmChunk;
  readonly times: readonly number[];
}

/** Encodes one chunk of a film. */
export class EncodeChunkProcessor implements JobProcessor<typeof encodeChunk> {
  readonly contract = encodeChunk;

  /** @param settings the encoder's number of threads; left out, as many as ffmpeg likes */
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {}

  async process(order: ChunkOrder, job: JobContext): Promise<ProcessorResult<typeof encodeChunk>> {
    const startedAt = performance.now();
    const { preset, settings } = orderSettings(order.parameters);
    const film = await openFilm(this.ffmpeg, this.library, order.parameters.inputPath, job);
    const { chunk, times } = await this.readChunk(film, order.parameters.chunk, job);
    const plan = (output: string): ChunkPlan =>
      planChunk({ settings, chunk }, film, { input: film.input.absolute, output }, this.settings.threads);
    // Before any name is taken: what cannot be planned or run leaves nothing behind.
    const draft = plan('');
    requireFeatures(draft.needs, this.ffmpeg.tools);
    job.log([`preset ${preset}`, `${String(chunk.frames)} pictures`, ...draft.notes].join('; '));
    const output = await this.chooseOutput(order, film, chunk);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.encode(plan(temporary), chunk, job),
      verify: (file, made) => this.verify(draft, file, times, made, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    job.log(`output ${path}: ${describeMedia(verified)}; took ${seconds} s`);
    const { startFrame, frames } = chunk;
    return { destinationPaths: [path], result: { outputPath: path, preset, startFrame, frames, media: verified } };
  }

  /**
   * The pictures of the chunk that was asked for; of the whole film, where none was.
   * @throws {MediaError} INVALID_PARAMETERS for a chunk that is not of this film
   */
  private async readChunk(film: Film, asked: FilmChunk | undefined, job: JobContext): Promise<ChunkPictures> {
    const { input, header } = film;
    if (asked === undefined) {
      const whole = await readPictures(this.ffmpeg, input.absolute, header, job);
      const [chunk] = listChunks(whole, { chunkSeconds: Infinity, most: 1 });
      if (!chunk) throw new MediaError('INPUT_UNREADABLE', 'the input has no picture that can be decoded');
      return { chunk, times: whole.times };
    }
    const near = {
      from: Math.max(0, asked.startSeconds - AROUND_SECONDS),
      to: asked.endSeconds + AROUND_SECONDS,
    };
    const listed = timesIn(asked, await readPictures(this.ffmpeg, input.absolute, header, job, near));
    // Some containers are entered later than at what is asked for.
    const times =
      listed.length === asked.frames
        ? listed
        : timesIn(asked, await readPictures(this.ffmpeg, input.absolute, header, job));
    if (times.length !== asked.frames) {
      const found = `there are ${String(times.length)} pictures in it, not ${String(asked.frames)}`;
      throw new MediaError('INVALID_PARAMETERS', `the chunk is not one of this film: ${found}`);
    }
    return { chunk: asked, times };
  }

  private async chooseOutput(order: ChunkOrder, { input }: Film, { index }: FilmChunk): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked === undefined) {
      const base = `${outputBaseName(input.relative)}-chunk-${String(index).padStart(INDEX_DIGITS, '0')}`;
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: 'mp4' }, order);
    }
    if (extensionOf(asked) !== 'mp4') {
      throw new MediaError('INVALID_PARAMETERS', 'a chunk is an MP4: its name must end with .mp4');
    }
    return this.library.resolveOutput(asked, order);
  }

  private async encode(
    { args, expectedBytes }: ChunkPlan,
    { startSeconds, endSeconds }: FilmChunk,
    job: JobContext,
  ): Promise<RunResult> {
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    return this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: endSeconds - startSeconds,
      expectedBytes,
      onProgress: reportProgress(job, 'encode'),
    });
  }

  /** Besides what every output must be: it has all pictures of the chunk, each at its time. */
  private async verify(
    { expect }: ChunkPlan,
    file: string,
    times: readonly number[],
    made: RunResult | null,
    job: JobContext,
  ): Promise<MediaInfo> {
    job.progress({ phase: 'verify', percent: 100 });
    try {
      const media = await verifyOutput(this.ffmpeg, file, expect, job);
      const header = await readPictureHeader(this.ffmpeg.tools, file, job);
      const fault = picturesFault((await readPictures(this.ffmpeg, file, header, job)).times, times);
      if (fault !== null) throw new MediaError('OUTPUT_INVALID', fault, { facts: { check: 'pictures' } });
      return media;
    } catch (error) {
      throw made === null ? error : blameInput(error, made.stderr, false);
    }
  }
}

const timesIn = ({ startSeconds, endSeconds }: FilmChunk, { times }: FilmPictures): number[] =>
  times.filter((time) => time >= startSeconds && time < endSeconds);
