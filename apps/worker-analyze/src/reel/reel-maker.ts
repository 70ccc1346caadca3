import type { VideoChange } from '@reelay/contracts';
import {
  Compiler,
  describeMedia,
  outputBaseName,
  produceOutput,
  reelCommands,
  shareOf,
  verifyOutput,
  type AttemptIdentity,
  type Ffmpeg,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import { compiled, ownFormat, planReel } from '@reelay/media/plan';
import type { JobContext } from '@reelay/worker-sdk';
import { Analyser, seconds, type Film } from '../analysis/analyser.js';
import { Liveliness, type PartMeasures } from '../analysis/liveliness.js';
import type { Analysis } from '../analysis/measure-reader.js';
import type { Selection } from './selection.js';

/** A film at a higher rate loses every second picture. */
const MOST_FPS = 60;

/** The share of the progress at which the film is measured. */
const ANALYSED_PERCENT = 50;

/** What a reel is made from. */
export interface ReelRequest {
  readonly inputPath: string;
  readonly outputPath: string | undefined;
  /** What is added to the input's name when no path was asked for. */
  readonly suffix: string;
  /** The change, in percent, from which on a picture begins a scene. */
  readonly threshold: number;
  /** @param fps of the output */
  choose(analysis: Analysis, fps: number): Selection & { readonly overlap?: number };
}

/** A part of a film that a reel shows. */
interface ShownPart extends PartMeasures {
  readonly start: number;
  readonly end: number;
}

/** A finished reel. */
export interface MadeReel {
  /** Relative to the library. */
  readonly path: string;
  readonly media: MediaInfo;
  readonly parts: readonly ShownPart[];
  readonly whole: boolean;
  /** What the library's records learn: of the film, and of the reel that was made from it. */
  readonly videos: VideoChange[];
}

/** Makes short videos of parts of one film. */
export class ReelMaker {
  private readonly analyser: Analyser;
  private readonly compiler: Compiler;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {
    this.analyser = new Analyser(ffmpeg, library);
    this.compiler = new Compiler(ffmpeg, library);
  }

  /** @throws {MediaError} as the analysis, `produceOutput` and the encoder do */
  async make(request: ReelRequest, attempt: AttemptIdentity, job: JobContext): Promise<MadeReel> {
    const film = await this.analyser.open(request.inputPath, job);
    const base = `${outputBaseName(film.input.relative)}-${request.suffix}`;
    const output = await this.compiler.chooseOutput(request.outputPath, base, ['mp4', 'm4v'], attempt);
    const analysis = await this.analyser.analyse(film, request.threshold, job, shareOf(job, 0, ANALYSED_PERCENT));
    const format = ownFormat(film.video, MOST_FPS);
    const selection = request.choose(analysis, format.fps);
    const parts = shownParts(selection, analysis, film, format.fps);
    logParts(parts, selection, job);
    const reel = planReel(
      selection.spans.map(({ from, to }) => ({
        source: sourceOf(film),
        fromFrame: from,
        frames: to - from,
        gainDb: 0,
      })),
      selection.overlap ?? 0,
    );
    const hasSound = film.media.audio !== null;
    const { path, verified, adopted } = await produceOutput(this.library, output, attempt, job, {
      make: (temporary) => {
        const commands = reelCommands(reel.pieces, format, this.settings);
        return this.compiler.compile(commands, { format, hasSound, fromPercent: ANALYSED_PERCENT }, temporary, job);
      },
      verify: (file) => {
        job.progress({ phase: 'verify', percent: 100 });
        return verifyOutput(this.ffmpeg, file, compiled(format, reel.frames / format.fps, hasSound), job);
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.log(`output ${path}: ${describeMedia(verified)}`);
    return { path, media: verified, parts, whole: selection.whole, videos: changes(film, path, verified) };
  }
}

const changes = ({ input, media }: Film, path: string, made: MediaInfo): VideoChange[] => [
  { path: input.relative, media },
  { path, media: made, valid: true, derivedFrom: input.relative },
];

const sourceOf = ({ input, media }: Film): { path: string; media: MediaInfo } => ({ path: input.absolute, media });

/** A whole number of pictures may end a little later than the film. */
function shownParts({ spans }: Selection, analysis: Analysis, { media }: Film, fps: number): ShownPart[] {
  const last = Math.min(analysis.durationSeconds, media.durationSeconds ?? Infinity);
  const liveliness = new Liveliness(analysis);
  return spans.map(({ from, to }) => {
    const [start, end] = [milliseconds(from / fps), milliseconds(Math.min(to / fps, last))];
    return { start, end, ...liveliness.of(start, end) };
  });
}

function logParts(parts: readonly ShownPart[], { whole }: Selection, job: JobContext): void {
  if (whole) job.log('the film is no longer than was asked for: it is taken whole');
  for (const { start, end, score, motion, loudness } of parts) {
    const sound = loudness === null ? '' : `, loudness ${String(loudness)} LUFS`;
    job.log(`taken: ${seconds(start)} to ${seconds(end)}: score ${String(score)}, motion ${String(motion)}${sound}`);
  }
}

const milliseconds = (value: number): number => Math.round(value * 1000) / 1000;
