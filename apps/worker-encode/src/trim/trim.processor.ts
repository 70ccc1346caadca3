import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trim } from '@reelay/contracts';
import {
  describeMedia,
  extensionOf,
  guardedInput,
  listPictures,
  MediaError,
  outputBaseName,
  probe,
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
  type PictureHeader,
  type PicturePacket,
  type ProgressSink,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { blameInput } from '../blame-input.js';
import {
  cutAtKeys,
  cutExactly,
  keyBefore,
  shortestFrame,
  type FilmRange,
  type PictureSpan,
  type SmartCut,
} from './trim.cuts.js';
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
} from './trim.plan.js';

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'clips';

/** Pictures are listed up to this long after the range, to see which of them belong to its last group, in seconds. */
const LOOK_AHEAD_SECONDS = 2;

/** Pictures are listed from this long before the range: most films have a key picture within it, in seconds. */
const LOOK_BACK_SECONDS = 12;

/** Seconds on either side of a joint that are decoded to check it. */
const JOINT_SECONDS = 1;

/** What a trim is planned from. */
interface Film {
  readonly input: LibraryInput;
  readonly media: MediaInfo;
  readonly header: PictureHeader;
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

/** Cuts a range out of a video. */
export class TrimProcessor implements JobProcessor<typeof trim> {
  readonly contract = trim;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {}

  async process(order: Order<typeof trim>, job: JobContext): Promise<ProcessorResult<typeof trim>> {
    const film = await this.readFilm(order, job);
    const planned = chooseCut(film, order.parameters.accurate);
    const { output, container } = await this.chooseOutput(order, film, planned.mode !== 'copy');
    const filesFor = (target: string): TrimFiles => ({ input: film.input.absolute, output: target, container });
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.make(planned, film, filesFor(temporary), job),
      verify: (file, made) => {
        job.progress({ phase: 'verify', percent: 100 });
        return this.check(made ?? planned, film, filesFor(file), job).catch((error: unknown) => {
          throw made === null ? error : blameInput(error, [], made.mode === 'copy');
        });
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { media, frames, cut } = verified;
    const [inSeconds, outSeconds] = [startOf(cut, film), startOf(cut, film) + verified.seconds].map(microseconds);
    job.log(`output ${path}: ${describeMedia(media)}; from ${String(inSeconds)} s to ${String(outSeconds)} s`);
    return {
      destinationPaths: [path],
      result: {
        outputPath: path,
        mode: cut.mode,
        reason: cut.mode === 'encode' ? cut.reason : null,
        inSeconds: inSeconds ?? 0,
        outSeconds: outSeconds ?? 0,
        frames,
        encodedFrames: encodedFrames(cut, frames),
        media,
        videos: [{ path, media, valid: true, derivedFrom: film.input.relative }],
      },
    };
  }

  private async readFilm({ parameters }: Order<typeof trim>, job: JobContext): Promise<Film> {
    const { tools } = this.ffmpeg;
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probe(tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    const range = trimRange(parameters, media);
    const header = await readPictureHeader(tools, input.absolute, job);
    const pictures = await this.listRange(input, header, range, job);
    return { input, media, header, range, pictures, frameSeconds: shortestFrame(pictures) };
  }

  /** Some containers are entered in the middle of a group of pictures: its key picture is then looked for earlier. */
  private async listRange(
    input: LibraryInput,
    header: PictureHeader,
    { start, end }: FilmRange,
    job: JobContext,
  ): Promise<PicturePacket[]> {
    const list = (from: number): Promise<PicturePacket[]> =>
      listPictures(this.ffmpeg.tools, input.absolute, { from, to: end + LOOK_AHEAD_SECONDS }, header, job);
    const near = await list(Math.max(0, start - LOOK_BACK_SECONDS));
    return near.some(({ isKey, seconds }) => isKey && seconds <= start) ? near : list(0);
  }

  private async chooseOutput(
    { parameters, ...attempt }: Order<typeof trim>,
    { input, media }: Film,
    encodes: boolean,
  ): Promise<{ output: LibraryOutput; container: string }> {
    const order = { parameters, ...attempt };
    if (parameters.outputPath !== undefined) {
      const container = trimContainer(extensionOf(parameters.outputPath));
      return { output: await this.library.resolveOutput(parameters.outputPath, order), container };
    }
    const extension = defaultExtension(media, encodes);
    const name = { directory: OUTPUT_FOLDER, base: outputBaseName(input.relative), extension };
    return { output: await this.library.freeOutput(name, order), container: trimContainer(extension) };
  }

  /** Returns how it was really cut: what turns out not to join is encoded. */
  private async make(planned: Cut, film: Film, files: TrimFiles, job: JobContext): Promise<Cut> {
    if (planned.mode !== 'smart') {
      if (planned.mode === 'encode') job.log(`encode, since ${planned.reason}`);
      await this.run(planFor(planned, film, files, this.settings.threads), planned.mode, job, job);
      return planned;
    }
    try {
      await this.join(planned.smart, film, files, job);
      await this.check(planned, film, files, job);
      return planned;
    } catch (error) {
      if (!(error instanceof MediaError) || !['OUTPUT_INVALID', 'INPUT_UNREADABLE'].includes(error.code)) throw error;
      const encode = { mode: 'encode', reason: `the pieces do not join: ${error.message}` } as const;
      return this.make(encode, film, files, job);
    }
  }

  /** Encodes the edges, copies the middle, and joins the pieces. */
  private async join(cut: SmartCut, film: Film, files: TrimFiles, job: JobContext): Promise<void> {
    const folder = job.workDir;
    const { media, header, frameSeconds } = film;
    const places = { input: files.input, folder };
    const pieces = planPieces(media, header, cut, frameSeconds, places, this.settings.threads);
    const extradata: string[] = [];
    for (const [index, { phase, args, file, seconds }] of pieces.entries()) {
      const share = shareOf(job, (index / (pieces.length + 1)) * 100, ((index + 1) / (pieces.length + 1)) * 100);
      await this.run({ args, seconds }, phase, share, job);
      extradata.push((await readPictureHeader(this.ffmpeg.tools, join(folder, file), job)).extradata);
    }
    const script = join(folder, 'pieces.ffconcat');
    await writeFile(script, joinScript(pieces, extradata));
    const share = shareOf(job, (pieces.length / (pieces.length + 1)) * 100, 100);
    await this.run(planJoin(media, cut, script, files), 'join', share, job);
  }

  private async run(
    { args, ...plan }: TrimPlan | { args: string[]; seconds: number },
    phase: string,
    sink: ProgressSink,
    job: JobContext,
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
  private async check(cut: Cut, film: Film, files: TrimFiles, job: JobContext): Promise<Trimmed> {
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

  private async checkJoints({ head, middle, tail }: SmartCut, file: string, job: JobContext): Promise<void> {
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
