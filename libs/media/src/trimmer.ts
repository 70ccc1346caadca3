import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blameInput } from './blame-input.js';
import { describeMedia } from './describe.js';
import { MediaError } from './errors.js';
import type { Ffmpeg } from './ffmpeg.js';
import { guardedInput, quoteCommand } from './input.js';
import type { LibraryInput, LibraryOutput, MediaLibrary } from './library.js';
import { extensionOf, outputBaseName } from './library-path.js';
import type { MediaInfo } from './media-info.js';
import { listPictures, readPictureHeader } from './packets.js';
import type { PictureHeader, PicturePacket } from './pictures.js';
import {
  cutAtKeys,
  cutExactly,
  keyBefore,
  shortestFrame,
  type FilmRange,
  type PictureSpan,
  type SmartCut,
} from './plan/trim-cuts.js';
import {
  defaultExtension,
  joinMisfit,
  joinScript,
  planCopy,
  planEncode,
  planJoin,
  planPieces,
  trimContainer,
  trimRange,
  type TrimFiles,
  type TrimPlan,
} from './plan/trim.js';
import { probe } from './probe.js';
import { reportProgress, type ProgressSink } from './progress.js';
import { shareOf } from './progress-share.js';
import type { AttemptIdentity } from './published-marker.js';
import { produceOutput, type MakingJob } from './publish.js';
import { verifyOutput } from './verify.js';

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'clips';

/** Pictures are listed up to this long after the range, to see which of them belong to its last group, in seconds. */
const LOOK_AHEAD_SECONDS = 2;

/** Pictures are listed from this long before the range: most films have a key picture within it, in seconds. */
const LOOK_BACK_SECONDS = 12;

/** Seconds on either side of a joint that are decoded to check it. */
const JOINT_SECONDS = 1;

/** A video that ranges are cut out of. */
export interface TrimSource {
  readonly input: LibraryInput;
  readonly media: MediaInfo;
  readonly header: PictureHeader;
}

/** What is cut out of it, and where it goes. */
export interface TrimRequest extends FilmRange {
  /** Exactly at start and end, and not at key pictures. */
  readonly accurate: boolean;
  /** The output's path; left out, a free name is chosen. */
  readonly outputPath?: string | undefined;
  /** What a free name begins with; left out, the name of the input. */
  readonly base?: string;
}

/** A range that was cut out. */
export interface TrimmedRange {
  /** Relative to the library. */
  readonly path: string;
  readonly mode: Cut['mode'];
  /** Why all was encoded; null where it was not. */
  readonly reason: string | null;
  /** Where in the input it really starts and ends. */
  readonly inSeconds: number;
  readonly outSeconds: number;
  readonly frames: number;
  /** How many of them were encoded again. */
  readonly encodedFrames: number;
  readonly media: MediaInfo;
}

/** What a trim is planned from. */
interface Film extends TrimSource {
  readonly range: FilmRange;
  readonly pictures: readonly PicturePacket[];
  readonly frameSeconds: number;
}

/** How a range is cut out. */
type Cut =
  | { readonly mode: 'copy'; readonly span: PictureSpan }
  | { readonly mode: 'smart'; readonly smart: SmartCut }
  | { readonly mode: 'encode'; readonly reason: string };

/** A finished output, as its verification found it. */
interface Trimmed {
  readonly media: MediaInfo;
  readonly frames: number;
  readonly cut: Cut;
  readonly seconds: number;
}

/** Cuts ranges out of videos. */
export class Trimmer {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {}

  /** @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE */
  async open(inputPath: string, job: MakingJob): Promise<TrimSource> {
    const { tools } = this.ffmpeg;
    const input = await this.library.resolveInput(inputPath);
    const media = await probe(tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    return { input, media, header: await readPictureHeader(tools, input.absolute, job) };
  }

  /** @throws {MediaError} INVALID_PARAMETERS for a range beyond the film */
  check({ media }: TrimSource, range: FilmRange): void {
    trimRange(range, media);
  }

  /**
   * Cuts one range out, verifies it and gives it its name; or adopts what an earlier attempt of the job made of it.
   * @param sink gets the progress of this range, 0 to 100
   * @throws {MediaError} INVALID_PARAMETERS for a range beyond the film; and as `produceOutput` does
   */
  async trim(
    source: TrimSource,
    request: TrimRequest,
    attempt: AttemptIdentity,
    job: MakingJob,
    sink: ProgressSink,
  ): Promise<TrimmedRange> {
    const film = await this.readFilm(source, request, job);
    const planned = chooseCut(film, request.accurate);
    const { output, container } = await this.chooseOutput(request, film, planned.mode !== 'copy', attempt);
    const filesFor = (target: string): TrimFiles => ({ input: film.input.absolute, output: target, container });
    const { path, verified, adopted } = await produceOutput(this.library, output, attempt, job, {
      make: (temporary) => this.make(planned, film, filesFor(temporary), sink, job),
      verify: (file, made) => {
        sink.progress({ phase: 'verify', percent: 100 });
        return this.verify(made ?? planned, film, filesFor(file), job).catch((error: unknown) => {
          throw made === null ? error : blameInput(error, [], made.mode === 'copy');
        });
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { media, frames, cut } = verified;
    const from = startOf(cut, film);
    const [inSeconds, outSeconds] = [microseconds(from), microseconds(from + verified.seconds)];
    job.log(`output ${path}: ${describeMedia(media)}; from ${String(inSeconds)} s to ${String(outSeconds)} s`);
    const reason = cut.mode === 'encode' ? cut.reason : null;
    const encoded = encodedFrames(cut, frames);
    return { path, mode: cut.mode, reason, inSeconds, outSeconds, frames, encodedFrames: encoded, media };
  }

  private async readFilm(source: TrimSource, request: FilmRange, job: MakingJob): Promise<Film> {
    const range = trimRange(request, source.media);
    const pictures = await this.listRange(source, range, job);
    return { ...source, range, pictures, frameSeconds: shortestFrame(pictures) };
  }

  /** Some containers are entered in the middle of a group of pictures: its key picture is then looked for earlier. */
  private async listRange(
    { input, header }: TrimSource,
    { start, end }: FilmRange,
    job: MakingJob,
  ): Promise<PicturePacket[]> {
    const list = (from: number): Promise<PicturePacket[]> =>
      listPictures(this.ffmpeg.tools, input.absolute, { from, to: end + LOOK_AHEAD_SECONDS }, header, job);
    const near = await list(Math.max(0, start - LOOK_BACK_SECONDS));
    return near.some(({ isKey, seconds }) => isKey && seconds <= start) ? near : list(0);
  }

  private async chooseOutput(
    { outputPath, base }: TrimRequest,
    { input, media }: Film,
    encodes: boolean,
    attempt: AttemptIdentity,
  ): Promise<{ output: LibraryOutput; container: string }> {
    if (outputPath !== undefined) {
      const container = trimContainer(extensionOf(outputPath));
      return { output: await this.library.resolveOutput(outputPath, attempt), container };
    }
    const extension = defaultExtension(media, encodes);
    const name = { directory: OUTPUT_FOLDER, base: base ?? outputBaseName(input.relative), extension };
    return { output: await this.library.freeOutput(name, attempt), container: trimContainer(extension) };
  }

  /** Returns how it was really cut: what turns out not to join is encoded. */
  private async make(planned: Cut, film: Film, files: TrimFiles, sink: ProgressSink, job: MakingJob): Promise<Cut> {
    if (planned.mode !== 'smart') {
      if (planned.mode === 'encode') job.log(`encode, since ${planned.reason}`);
      await this.run(planFor(planned, film, files, this.settings.threads), planned.mode, sink, job);
      return planned;
    }
    try {
      await this.join(planned.smart, film, files, sink, job);
      await this.verify(planned, film, files, job);
      return planned;
    } catch (error) {
      if (!(error instanceof MediaError) || !['OUTPUT_INVALID', 'INPUT_UNREADABLE'].includes(error.code)) throw error;
      const encode = { mode: 'encode', reason: `the pieces do not join: ${error.message}` } as const;
      return this.make(encode, film, files, sink, job);
    }
  }

  /** Encodes the edges, copies the middle, and joins the pieces. */
  private async join(cut: SmartCut, film: Film, files: TrimFiles, sink: ProgressSink, job: MakingJob): Promise<void> {
    const folder = job.workDir;
    const { media, header, frameSeconds } = film;
    const places = { input: files.input, folder };
    const pieces = planPieces(media, header, cut, frameSeconds, places, this.settings.threads);
    const extradata: string[] = [];
    for (const [index, { phase, args, file, seconds }] of pieces.entries()) {
      const share = shareOf(sink, (index / (pieces.length + 1)) * 100, ((index + 1) / (pieces.length + 1)) * 100);
      await this.run({ args, seconds }, phase, share, job);
      extradata.push((await readPictureHeader(this.ffmpeg.tools, join(folder, file), job)).extradata);
    }
    const script = join(folder, 'pieces.ffconcat');
    await writeFile(script, joinScript(pieces, extradata));
    const share = shareOf(sink, (pieces.length / (pieces.length + 1)) * 100, 100);
    await this.run(planJoin(media, cut, script, files), 'join', share, job);
  }

  private async run(
    { args, ...plan }: TrimPlan | { args: string[]; seconds: number },
    phase: string,
    sink: ProgressSink,
    job: MakingJob,
  ): Promise<void> {
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    await this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: 'seconds' in plan ? plan.seconds : plan.expect.durationSeconds,
      onProgress: reportProgress(sink, phase),
    });
  }

  /** Besides what every output must be: it has the planned pictures, and decodes across its joints. */
  private async verify(cut: Cut, film: Film, files: TrimFiles, job: MakingJob): Promise<Trimmed> {
    const { expect } = planFor(cut, film, files, this.settings.threads);
    const media = await verifyOutput(this.ffmpeg, files.output, expect, job);
    const { tools } = this.ffmpeg;
    const header = await readPictureHeader(tools, files.output, job);
    const whole = { from: 0, to: (media.durationSeconds ?? 0) + LOOK_AHEAD_SECONDS };
    const pictures = await listPictures(tools, files.output, whole, header, job);
    const planned = plannedFrames(cut);
    if (planned !== null && pictures.length !== planned) {
      const found = `it has ${String(pictures.length)} pictures, not ${String(planned)}`;
      throw new MediaError('OUTPUT_INVALID', found, { facts: { check: 'pictures' } });
    }
    if (cut.mode === 'smart') await this.checkJoints(cut.smart, files.output, job);
    return { media, frames: pictures.length, cut, seconds: shownSeconds(pictures) };
  }

  private async checkJoints({ head, middle, tail }: SmartCut, file: string, job: MakingJob): Promise<void> {
    const start = (head ?? middle).from;
    const joints = [...(head === null ? [] : [middle.from]), ...(tail === null ? [] : [middle.to])];
    for (const joint of joints) {
      const from = Math.max(0, joint - start - JOINT_SECONDS);
      const args = ['-xerror', '-ss', from.toFixed(3), '-t', String(2 * JOINT_SECONDS), ...guardedInput(file)];
      const { signal, pause } = job;
      await this.ffmpeg.run([...args, '-map', '0', '-f', 'null', '-'], { signal, pause, durationSeconds: null });
    }
  }
}

function chooseCut({ media, header, range, pictures }: Film, accurate: boolean): Cut {
  if (!accurate) {
    const span = cutAtKeys(pictures, range);
    if (span === null) throw new MediaError('INPUT_UNREADABLE', 'there is no picture in the range');
    return { mode: 'copy', span };
  }
  const misfit = joinMisfit(media, header);
  if (misfit !== null) return { mode: 'encode', reason: misfit };
  const smart = cutExactly(pictures, range);
  return smart === null
    ? { mode: 'encode', reason: 'the range holds no whole group of pictures' }
    : { mode: 'smart', smart };
}

/** The command that writes the output: of a smart cut, the one that joins it. */
function planFor(
  cut: Cut,
  { media, range, pictures, frameSeconds }: Film,
  files: TrimFiles,
  threads?: number,
): TrimPlan {
  switch (cut.mode) {
    case 'copy':
      return planCopy(media, cut.span, frameSeconds, files);
    case 'smart':
      return planJoin(media, cut.smart, '', files);
    case 'encode':
      return planEncode(media, { ...range, key: keyBefore(pictures, range.start) }, files, threads);
  }
}

function startOf(cut: Cut, { range, pictures }: Film): number {
  if (cut.mode === 'copy') return cut.span.from;
  if (cut.mode === 'smart') return (cut.smart.head ?? cut.smart.middle).from;
  const shown = pictures.filter(({ seconds }) => seconds >= range.start);
  return shown.reduce((least, { seconds }) => Math.min(least, seconds), range.end);
}

function plannedFrames(cut: Cut): number | null {
  if (cut.mode === 'copy') return cut.span.frames;
  if (cut.mode === 'encode') return null;
  const { head, middle, tail } = cut.smart;
  return (head?.frames ?? 0) + middle.frames + (tail?.frames ?? 0);
}

function encodedFrames(cut: Cut, frames: number): number {
  if (cut.mode === 'copy') return 0;
  return cut.mode === 'encode' ? frames : frames - cut.smart.middle.frames;
}

/** From the first picture to the end of the last one. */
function shownSeconds(pictures: readonly PicturePacket[]): number {
  const shown = pictures.toSorted((a, b) => a.seconds - b.seconds);
  const [first, last] = [shown.at(0), shown.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return last.seconds - first.seconds + (last.durationSeconds ?? shortestFrame(pictures));
}

const microseconds = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
