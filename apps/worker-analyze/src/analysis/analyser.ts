import {
  describeMedia,
  MediaError,
  probe,
  quoteCommand,
  readText,
  reportProgress,
  type Ffmpeg,
  type LibraryInput,
  type MediaInfo,
  type MediaLibrary,
  type ProgressSink,
  type VideoStreamInfo,
} from '@reelay/media';
import type { JobContext } from '@reelay/worker-sdk';
import { planAnalysis } from './analysis.plan.js';
import { MeasureReader, type Analysis } from './measure-reader.js';

/** A picture that ends this much before it should breaks off, in seconds; containers round less than that. */
const MISSING_SECONDS = 1;

/** A video of the library that is looked into. */
export interface Film {
  readonly input: LibraryInput;
  readonly media: MediaInfo;
  readonly video: VideoStreamInfo;
}

/** Measures films. */
export class Analyser {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  /** @throws {MediaError} INPUT_NOT_FOUND, INPUT_UNREADABLE */
  async open(inputPath: string, job: JobContext): Promise<Film> {
    const input = await this.library.resolveInput(inputPath);
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    return { input, media, video: media.video };
  }

  /**
   * Decodes a film once and measures it.
   * @param sink gets the progress of this pass, 0 to 100
   * @throws {MediaError} INPUT_UNREADABLE when there is no picture in it
   */
  async analyse({ input, media }: Film, threshold: number, job: JobContext, sink: ProgressSink): Promise<Analysis> {
    const reader = new MeasureReader();
    const args = planAnalysis(input.absolute, media, threshold);
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    await this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: media.durationSeconds,
      onProgress: reportProgress(sink, 'analyse'),
      readPipes: [readText(reader.picture), readText(reader.sound)],
    });
    const analysis = reader.result();
    if (analysis === null) throw new MediaError('INPUT_UNREADABLE', 'no picture of the input could be decoded');
    const { pictures, durationSeconds, cuts } = analysis;
    job.log(`${String(pictures)} pictures in ${seconds(durationSeconds)}, ${String(cuts.length)} cuts`);
    const said = media.video?.durationSeconds ?? durationSeconds;
    if (said - durationSeconds > MISSING_SECONDS) {
      job.log(`the film breaks off: it says that its picture lasts ${seconds(said)}`);
    }
    return analysis;
  }
}

/** A time for the job's log: `12.34 s`. */
export const seconds = (value: number): string => `${String(Math.round(value * 1000) / 1000)} s`;
