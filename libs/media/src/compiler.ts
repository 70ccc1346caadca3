import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMedia } from './describe.js';
import { MediaError } from './errors.js';
import type { Ffmpeg } from './ffmpeg.js';
import { quoteCommand } from './input.js';
import type { LibraryOutput, MediaLibrary } from './library.js';
import { extensionOf } from './library-path.js';
import { chapterList, joinScript, planJoin, type Chapter, type JoinedPiece } from './plan/join.js';
import {
  gainFor,
  planCrossfade,
  planLoudness,
  planPiece,
  type LibrarySource,
  type Part,
  type PieceFormat,
  type PieceTitle,
} from './plan/piece.js';
import type { ReelPiece } from './plan/reel.js';
import { probe } from './probe.js';
import { reportProgress, type ProgressSink } from './progress.js';
import { shareOf } from './progress-share.js';
import type { AttemptIdentity } from './published-marker.js';
import type { MakingJob } from './publish.js';

/** Where compilations go that no path was asked for. */
const OUTPUT_FOLDER = 'compilations';

/** The share of the progress at which the loudness is known, and the one at which all pieces are made. */
const MEASURED_PERCENT = 10;
const PIECES_PERCENT = 90;

/** A piece that is to be made. */
export interface PlannedPiece {
  readonly label: string;
  readonly frames: number;
  /** @param output absolute path */
  args(output: string): string[];
}

/** What pieces become when they are joined. */
export interface Compilation {
  readonly format: PieceFormat;
  readonly chapters?: readonly Chapter[];
  /** False where no source has sound. */
  readonly hasSound?: boolean;
  /** The share of the job's progress that is over when the first piece is begun. */
  readonly fromPercent?: number;
}

/** The commands that make the pieces of a reel. @param titles of its parts, in order */
export function reelCommands(
  pieces: readonly ReelPiece[],
  format: PieceFormat,
  { threads, titles = [] }: { threads?: number | undefined; titles?: readonly PieceTitle[] },
): PlannedPiece[] {
  return pieces.map((piece) => {
    if (piece.kind === 'crossfade') {
      const args = (file: string): string[] => planCrossfade(piece.from, piece.to, format, file, threads);
      return { label: 'a crossfade', frames: piece.from.frames, args };
    }
    const { part, index } = piece;
    return {
      label: `input ${String(index + 1)}, ${String(part.frames)} pictures`,
      frames: part.frames,
      args: (file) => planPiece(part, format, file, { title: titles[index], threads }),
    };
  });
}

/** What all compilations have in common: their sources, pieces, and the join. */
export class Compiler {
  constructor(
    readonly ffmpeg: Ffmpeg,
    readonly library: MediaLibrary,
  ) {}

  /**
   * Opens the inputs, in order.
   * @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE naming the input
   */
  async openSources(paths: readonly string[], job: MakingJob): Promise<LibrarySource[]> {
    const sources: LibrarySource[] = [];
    for (const path of paths) {
      const { absolute, relative } = await this.library.resolveInput(path);
      const media = await probe(this.ffmpeg.tools, absolute, job).catch((error: unknown) => {
        throw error instanceof MediaError
          ? new MediaError(error.code, `${relative}: ${error.message}`, { cause: error, facts: error.facts })
          : error;
      });
      const { video, durationSeconds } = media;
      if (video === null) throw new MediaError('INPUT_UNREADABLE', `${relative} has sound only: there is no picture`);
      if (durationSeconds === null) {
        throw new MediaError('INPUT_UNREADABLE', `${relative} does not say how long it is: re-encode it first`);
      }
      job.log(`input ${relative}: ${describeMedia(media)}`);
      sources.push({ path: absolute, relative, media, durationSeconds });
    }
    return sources;
  }

  /** @throws {MediaError} INVALID_PARAMETERS for a name that is no MP4's; OUTPUT_EXISTS */
  async chooseOutput(
    asked: string | undefined,
    base: string,
    extensions: readonly [string, ...string[]],
    attempt: AttemptIdentity,
  ): Promise<LibraryOutput> {
    if (asked === undefined) {
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: extensions[0] }, attempt);
    }
    if (!extensions.includes(extensionOf(asked))) {
      const names = extensions.map((each) => `.${each}`).join(' or ');
      throw new MediaError('INVALID_PARAMETERS', `the output's name must end with ${names}`);
    }
    return this.library.resolveOutput(asked, attempt);
  }

  /** Measures the parts, and returns how much louder each is to be made, in dB. */
  async gains(parts: readonly Omit<Part, 'gainDb'>[], fps: number, job: MakingJob): Promise<number[]> {
    const gains: number[] = [];
    for (const [index, part] of parts.entries()) {
      const share = shareOf(job, ...partOf(MEASURED_PERCENT, index, parts.length));
      share.progress({ phase: 'loudness', percent: 0 });
      if (part.source.media.audio === null) {
        gains.push(0);
        continue;
      }
      const log = join(job.workDir, `loudness-${String(index)}.txt`);
      const { signal, pause } = job;
      const onProgress = reportProgress({ ...share, log: () => undefined }, 'loudness');
      const durationSeconds = part.frames / fps;
      await this.ffmpeg.run(planLoudness(part, fps, log), {
        ...{ signal, pause, durationSeconds, onProgress },
        folders: [job.workDir],
      });
      gains.push(gainFor(await readFile(log, 'utf8').catch(() => '')));
    }
    job.log(`loudness: ${gains.map((gain) => `${gain > 0 ? '+' : ''}${String(gain)} dB`).join(', ')}`);
    return gains;
  }

  /** Makes the pieces one after the other and joins them. */
  async compile(
    pieces: readonly PlannedPiece[],
    { format, chapters = [], hasSound = true, fromPercent = MEASURED_PERCENT }: Compilation,
    output: string,
    job: MakingJob,
  ): Promise<void> {
    const total = pieces.reduce((sum, { frames }) => sum + frames, 0);
    const joined: JoinedPiece[] = [];
    let done = 0;
    const percentAt = (frames: number): number => fromPercent + ((PIECES_PERCENT - fromPercent) * frames) / total;
    for (const [index, piece] of pieces.entries()) {
      const { label, frames } = piece;
      const file = `piece-${String(index)}.mkv`;
      job.log(`piece ${String(index + 1)} of ${String(pieces.length)}: ${label}`);
      const share = shareOf(job, percentAt(done), percentAt(done + frames));
      await this.run(
        piece.args(join(job.workDir, file)),
        `piece ${String(index + 1)}`,
        frames / format.fps,
        share,
        job,
      );
      joined.push({ file, frames });
      done += frames;
    }
    const script = join(job.workDir, 'pieces.ffconcat');
    await writeFile(script, joinScript(joined, format.fps));
    const list = chapters.length === 0 ? null : join(job.workDir, 'chapters.txt');
    if (list !== null) await writeFile(list, chapterList(chapters));
    const { args } = planJoin(joined, format, { script, chapters: list, output }, hasSound);
    await this.run(args, 'join', total / format.fps, shareOf(job, PIECES_PERCENT, 100), job);
  }

  /** Runs one command, with its lines in the job's log. */
  async run(args: string[], phase: string, seconds: number, sink: ProgressSink, job: MakingJob): Promise<void> {
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    const { signal, pause } = job;
    await this.ffmpeg.run(args, {
      ...{ signal, pause, durationSeconds: seconds, onProgress: reportProgress(sink, phase) },
      folders: [job.workDir],
    });
  }
}

/** The share of one of `count` equal steps of the first `percent` of a job. */
const partOf = (percent: number, index: number, count: number): [number, number] => [
  (percent * index) / count,
  (percent * (index + 1)) / count,
];
