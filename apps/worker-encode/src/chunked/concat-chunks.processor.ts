import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatChunks, parsePresetReference, type PresetSettings } from '@reelay/contracts';
import {
  blameInput,
  describeMedia,
  extensionOf,
  guardedInput,
  MediaError,
  produceOutput,
  quoteCommand,
  readPictureHeader,
  reportProgress,
  shareOf,
  verifyOutput,
  type Ffmpeg,
  type LibraryInput,
  type LibraryOutput,
  type MediaInfo,
  type MediaLibrary,
  type RunResult,
} from '@reelay/media';
import {
  chunkScript,
  extensionsOf,
  lastSeconds,
  outputName,
  picturesFault,
  planChunkJoin,
  type ChunkJoinPlan,
  type FilmPictures,
  type JoinedChunk,
  type JoinedPictures,
} from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { allOf } from '../all-of.js';
import { orderSettings } from '../transcode/order-settings.js';
import { requireFeatures } from '../transcode/required-features.js';
import { openFilm, readPictures, type Film } from './film.js';

type JoinOrder = Order<typeof concatChunks>;

/** The shares of the progress at which the chunks are looked at, and at which they are joined. */
const LOOKED_AT_PERCENT = 15;
const JOINED_PERCENT = 80;

/** Chunks that are looked at at once: most of the time goes into waiting for the disk, and for processes to start. */
const LOOKED_AT_ONCE = 4;

/** Seconds on either side of a joint that are decoded to check it. */
const JOINT_SECONDS = 1;

/** A chunk, as it was found. */
interface FoundChunk {
  readonly input: LibraryInput;
  readonly extradata: string;
  readonly pictures: FilmPictures;
}

/** A chunk, and where it begins in the film. */
interface Part {
  readonly input: LibraryInput;
  readonly startSeconds: number;
}

/** What is joined. */
interface Job {
  readonly film: Film;
  readonly pictures: FilmPictures;
  readonly parts: readonly Part[];
  readonly joined: JoinedPictures;
}

/** Joins the encoded chunks of a film. */
export class ConcatChunksProcessor implements JobProcessor<typeof concatChunks> {
  readonly contract = concatChunks;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process(order: JoinOrder, job: JobContext): Promise<ProcessorResult<typeof concatChunks>> {
    const { preset, settings } = orderSettings(order.parameters);
    const film = await openFilm(this.ffmpeg, this.library, order.parameters.inputPath, job);
    job.progress({ phase: 'list', percent: 0 });
    const paths = order.parameters.parts;
    const pictures = await readPictures(this.ffmpeg, film.input.absolute, film.header, job);
    const chunks = await this.readChunks(paths, job);
    const { parts, joined } = joinedOf(paths, chunks, pictures);
    const whole = { film, pictures, parts, joined };
    const script = join(job.workDir, 'chunks.ffconcat');
    const plan = (output: string): ChunkJoinPlan =>
      planChunkJoin(settings, film.media, joined, { script, input: film.input.absolute, output });
    // Before any name is taken: what cannot be planned or run leaves nothing behind.
    const draft = plan('');
    requireFeatures(draft.needs, this.ffmpeg.tools);
    job.log([`preset ${preset}`, `${String(parts.length)} chunks`, ...draft.notes].join('; '));
    const output = await this.chooseOutput(order, film, { preset, settings });
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.join(plan(temporary), script, whole, job),
      verify: (file, made) => this.verify(draft, file, whole, made, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.log(`output ${path}: ${describeMedia(verified)}`);
    return {
      destinationPaths: [path],
      result: {
        ...{ outputPath: path, preset, parts: parts.length, frames: pictures.times.length, media: verified },
        videos: [{ path, media: verified, valid: true, derivedFrom: film.input.relative }],
      },
    };
  }

  /** Looks at each chunk, several at a time. @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE */
  private readChunks(paths: readonly string[], job: JobContext): Promise<FoundChunk[]> {
    let found = 0;
    return allOf(paths, LOOKED_AT_ONCE, job.signal, async (path, _, signal) => {
      const control = { signal, pause: job.pause };
      const input = await this.library.resolveInput(path);
      const header = await readPictureHeader(this.ffmpeg.tools, input.absolute, control);
      const pictures = await readPictures(this.ffmpeg, input.absolute, header, control);
      job.progress({ phase: 'list', percent: (LOOKED_AT_PERCENT * ++found) / paths.length });
      return { input, extradata: header.extradata, pictures };
    });
  }

  private async chooseOutput(
    order: JoinOrder,
    { input }: Film,
    { preset, settings: { container } }: { preset: string; settings: PresetSettings },
  ): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked === undefined) {
      return this.library.freeOutput(outputName(input.relative, parsePresetReference(preset).name, container), order);
    }
    const extensions = extensionsOf(container);
    if (!extensions.includes(extensionOf(asked))) {
      const endings = extensions.map((extension) => `.${extension}`).join(' or ');
      throw new MediaError('INVALID_PARAMETERS', `the output is ${container}: its name must end with ${endings}`);
    }
    return this.library.resolveOutput(asked, order);
  }

  /** The script names links in the job's folder: what a path of the library is called cannot change what it says. */
  private async join(
    { args, expect, expectedBytes }: ChunkJoinPlan,
    script: string,
    { parts }: Job,
    job: JobContext,
  ): Promise<RunResult> {
    const chunks: JoinedChunk[] = [];
    for (const [index, { input, startSeconds }] of parts.entries()) {
      const file = `chunk-${String(index)}.mp4`;
      await symlink(input.absolute, join(job.workDir, file));
      chunks.push({ file, startSeconds });
    }
    await writeFile(script, chunkScript(chunks));
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    return this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: expect.durationSeconds,
      expectedBytes,
      reads: parts.map(({ input }) => input.absolute),
      onProgress: reportProgress(shareOf(job, LOOKED_AT_PERCENT, JOINED_PERCENT), 'join'),
    });
  }

  /** Besides what every output must be: it has all pictures of the film, each at its time, and decodes at the joints. */
  private async verify(
    { expect }: ChunkJoinPlan,
    file: string,
    { pictures, parts }: Job,
    made: RunResult | null,
    job: JobContext,
  ): Promise<MediaInfo> {
    try {
      const media = await verifyOutput(this.ffmpeg, file, expect, job);
      const header = await readPictureHeader(this.ffmpeg.tools, file, job);
      const fault = picturesFault((await readPictures(this.ffmpeg, file, header, job)).times, pictures.times);
      if (fault !== null) throw new MediaError('OUTPUT_INVALID', fault, { facts: { check: 'pictures' } });
      await this.checkJoints(file, parts, job);
      return media;
    } catch (error) {
      throw made === null ? error : blameInput(error, made.stderr, false);
    }
  }

  private async checkJoints(file: string, parts: readonly Part[], job: JobContext): Promise<void> {
    const { signal, pause } = job;
    for (const [index, { startSeconds }] of parts.entries()) {
      const percent = JOINED_PERCENT + ((100 - JOINED_PERCENT) * index) / parts.length;
      job.progress({ phase: 'verify', percent });
      if (index === 0) continue;
      const from = Math.max(0, startSeconds - JOINT_SECONDS).toFixed(3);
      const args = ['-xerror', '-ss', from, '-t', String(2 * JOINT_SECONDS), ...guardedInput(file)];
      try {
        await this.ffmpeg.run([...args, '-map', '0:v', '-f', 'null', '-'], { signal, pause, durationSeconds: null });
      } catch (error) {
        if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
        const place = `it does not decode where chunk ${String(index)} begins: ${error.message}`;
        throw new MediaError('OUTPUT_INVALID', place, { cause: error, facts: { check: 'joints', ...error.facts } });
      }
    }
  }
}

/**
 * How many pictures of the film each chunk takes, and what of the last one they do not tell.
 * @throws {MediaError} INVALID_PARAMETERS for chunks that do not make up the film
 */
function joinedOf(
  paths: readonly string[],
  chunks: readonly FoundChunk[],
  film: FilmPictures,
): Pick<Job, 'parts' | 'joined'> {
  const { times } = film;
  const parts: Part[] = [];
  let frames = 0;
  let [lastDecoded, lastStretch] = [0, 1];
  for (const [index, { input, extradata, pictures }] of chunks.entries()) {
    if (extradata !== chunks[0]?.extradata) {
      const odd = paths[index] ?? '';
      throw new MediaError('INVALID_PARAMETERS', `${odd} was encoded with other settings than ${paths[0] ?? ''}`);
    }
    parts.push({ input, startSeconds: times[frames] ?? Infinity });
    lastDecoded = frames + pictures.lastDecoded;
    lastStretch = lastSeconds(film) / lastSeconds(pictures);
    frames += pictures.times.length;
  }
  if (frames !== times.length) {
    const counts = `they have ${String(frames)} pictures, and the film ${String(times.length)}`;
    throw new MediaError('INVALID_PARAMETERS', `the chunks do not make up the film: ${counts}`);
  }
  const chunkBytes = parts.reduce((sum, { input }) => sum + input.sizeBytes, 0);
  return { parts, joined: { firstSeconds: times[0] ?? 0, lastDecoded, lastStretch, chunkBytes } };
}
