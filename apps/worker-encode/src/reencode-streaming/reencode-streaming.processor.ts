import { reencodeStreaming } from '@reelay/contracts';
import {
  blameInput,
  describeMedia,
  extensionOf,
  MediaError,
  outputBaseName,
  probe,
  produceOutput,
  reportProgress,
  verifyOutput,
  type Ffmpeg,
  type HardwareEncoders,
  type LibraryInput,
  type LibraryOutput,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { runEncode, type EncodeRun } from '../run-encode.js';
import { planReencode, type ReencodePlan } from './reencode-streaming.plan.js';

/** Where outputs go that no path was asked for. */
const OUTPUT_FOLDER = 'playback';

export interface EncodeSettings {
  /** Threads of the encoder; left out, as many as ffmpeg likes. */
  readonly threads?: number | undefined;
  /** What the GPU encodes; left out, the CPU encodes all. */
  readonly hardware?: HardwareEncoders | null;
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
    const source = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(source)}`);
    const output = await this.chooseOutput(order, input);
    const { threads, hardware } = this.settings;
    const plan = (target: string, encoders?: HardwareEncoders | null): ReencodePlan =>
      planReencode(order.parameters, source, { input: input.absolute, output: target }, threads, encoders);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.encode(plan(temporary, hardware), () => plan(temporary), source, job),
      verify: (file, made) => this.verify(plan(file), file, made, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    job.log(`output ${path}: ${describeMedia(verified.media)}; took ${seconds} s`);
    return {
      destinationPaths: [path],
      result: {
        outputPath: path,
        mode: verified.mode,
        encoder: verified.encoder,
        media: verified.media,
        videos: [
          { path, media: verified.media, valid: true, derivedFrom: input.relative },
          { path: input.relative, reencoded: true },
        ],
      },
    };
  }

  private async chooseOutput(order: Order<typeof reencodeStreaming>, input: LibraryInput): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked === undefined) {
      const base = outputBaseName(input.relative);
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: 'mp4' }, order);
    }
    if (!['mp4', 'm4v'].includes(extensionOf(asked))) {
      throw new MediaError('INVALID_PARAMETERS', 'the output is an MP4: its name must end with .mp4 or .m4v');
    }
    return this.library.resolveOutput(asked, order);
  }

  private async encode(
    plan: ReencodePlan,
    onCpu: () => ReencodePlan,
    source: MediaInfo,
    job: JobContext,
  ): Promise<EncodeRun<ReencodePlan>> {
    job.log(`${plan.mode}, since ${plan.reason}`);
    const log = job.log.bind(job);
    return runEncode(this.ffmpeg, plan, onCpu, log, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: source.durationSeconds,
      expectedBytes: plan.expectedBytes,
      onProgress: reportProgress(job, plan.mode),
    });
  }

  private async verify(
    { mode, expect }: ReencodePlan,
    file: string,
    made: EncodeRun<ReencodePlan> | null,
    job: JobContext,
  ): Promise<{ media: MediaInfo; mode: ReencodePlan['mode']; encoder: string | null }> {
    job.progress({ phase: 'verify', percent: 100 });
    try {
      return {
        media: await verifyOutput(this.ffmpeg, file, expect, job),
        mode,
        encoder: made?.command.encoder ?? null,
      };
    } catch (error) {
      throw made === null ? error : blameInput(error, made.run.stderr, mode === 'remux');
    }
  }
}
