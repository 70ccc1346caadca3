import { reencodeStreaming } from '@reelay/contracts';
import {
  describeMedia,
  extensionOf,
  inputIsDamaged,
  MediaError,
  outputBaseName,
  probe,
  produceOutput,
  quoteCommand,
  reportProgress,
  verifyOutput,
  type Ffmpeg,
  type LibraryInput,
  type LibraryOutput,
  type MediaInfo,
  type MediaLibrary,
  type RunResult,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { planReencode, type ReencodePlan } from './reencode-streaming.plan.js';

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'playback';

export interface EncodeSettings {
  /** Threads of the encoder; left out, as many as ffmpeg likes. */
  readonly threads?: number | undefined;
}

/** Makes the streaming version of a video. */
export class ReencodeStreamingProcessor implements JobProcessor<typeof reencodeStreaming> {
  readonly contract = reencodeStreaming;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: EncodeSettings,
  ) {}

  async process(
    order: Order<typeof reencodeStreaming>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof reencodeStreaming>> {
    const startedAt = performance.now();
    const input = await this.library.resolveInput(order.parameters.inputPath);
    const source = await probe(this.ffmpeg.tools, input.absolute, { signal: job.signal });
    job.log(`input ${input.relative}: ${describeMedia(source)}`);
    const output = await this.chooseOutput(order.parameters.outputPath, input);
    const { path, made } = await produceOutput(this.library, output, order, job.signal, (temporary) =>
      this.make(order, source, { input: input.absolute, output: temporary }, job),
    );
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    job.log(`output ${path}: ${describeMedia(made.media)}; took ${seconds} s`);
    return {
      destinationPaths: [path],
      result: {
        outputPath: path,
        mode: made.mode,
        media: made.media,
        videos: [
          { path, media: made.media, valid: true, derivedFrom: input.relative },
          { path: input.relative, reencoded: true },
        ],
      },
    };
  }

  private async chooseOutput(asked: string | undefined, input: LibraryInput): Promise<LibraryOutput> {
    if (asked === undefined) {
      const base = outputBaseName(input.relative);
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: 'mp4' });
    }
    if (!['mp4', 'm4v'].includes(extensionOf(asked))) {
      throw new MediaError('INVALID_PARAMETERS', 'the output is an MP4: its name must end with .mp4 or .m4v');
    }
    return this.library.resolveOutput(asked);
  }

  private async make(
    order: Order<typeof reencodeStreaming>,
    source: MediaInfo,
    files: { input: string; output: string },
    job: JobContext,
  ): Promise<{ media: MediaInfo; mode: ReencodePlan['mode'] }> {
    const plan = planReencode(order.parameters, source, files, this.settings.threads);
    job.log(`${plan.mode}, since ${plan.reason}`);
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(plan.args))}`);
    const run = await this.ffmpeg.run(plan.args, {
      signal: job.signal,
      durationSeconds: source.durationSeconds,
      onProgress: reportProgress(job, plan.mode),
    });
    job.progress({ phase: 'verify', percent: 100 });
    try {
      const media = await verifyOutput(this.ffmpeg, files.output, plan.expect, job.signal);
      return { media, mode: plan.mode };
    } catch (error) {
      throw blameInput(error, run, plan.mode);
    }
  }
}

/**
 * An output that is wrong because its input is stays wrong with every retry: ffmpeg complained of the
 * input, or what was copied does not decode.
 */
function blameInput(error: unknown, run: RunResult, mode: ReencodePlan['mode']): unknown {
  if (!(error instanceof MediaError) || error.code !== 'OUTPUT_INVALID') return error;
  const isCopyOfDamage = mode === 'remux' && error.facts.check === 'decode';
  if (!isCopyOfDamage && !inputIsDamaged(run.stderr)) return error;
  return new MediaError('INPUT_UNREADABLE', `the input is damaged: ${error.message}`, {
    cause: error,
    facts: { ...error.facts, complaints: run.stderr },
  });
}
