import { parsePresetReference, transcode, type PresetSettings } from '@reelay/contracts';
import {
  blameInput,
  describeMedia,
  extensionOf,
  MediaError,
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
import { extensionsOf, outputName, planTranscode, type TranscodePlan } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import type { EncodeSettings } from '../reencode-streaming/reencode-streaming.processor.js';
import { runEncode, type EncodeRun } from '../run-encode.js';
import { orderSettings } from './order-settings.js';
import { requireFeatures } from './required-features.js';

/** Encodes a file by a preset. */
export class TranscodeProcessor implements JobProcessor<typeof transcode> {
  readonly contract = transcode;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly encoding: EncodeSettings,
  ) {}

  async process(order: Order<typeof transcode>, job: JobContext): Promise<ProcessorResult<typeof transcode>> {
    const startedAt = performance.now();
    const { start, end } = order.parameters;
    const { preset, settings } = orderSettings(order.parameters);
    const input = await this.library.resolveInput(order.parameters.inputPath);
    const source = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(source)}`);
    const { threads, hardware } = this.encoding;
    const plan = (target: string, encoders?: HardwareEncoders | null): TranscodePlan => {
      const files = { input: input.absolute, output: target };
      return planTranscode({ settings, start, end }, source, files, threads, encoders);
    };
    // Before any name is taken: what cannot be planned or run leaves nothing behind.
    const draft = plan('', hardware);
    requireFeatures(draft.needs, this.ffmpeg.tools);
    job.log([`preset ${preset}`, ...draft.notes].join('; '));
    const output = await this.chooseOutput(order, input, { preset, settings });
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.encode(plan(temporary, hardware), () => this.onCpu(plan(temporary)), job),
      verify: (file, made) => this.verify(draft, file, made, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    job.log(`output ${path}: ${describeMedia(verified.media)}; took ${seconds} s`);
    return {
      destinationPaths: [path],
      result: {
        ...{ preset, outputPath: path, mode: draft.mode, ...verified },
        videos: videoChanges(path, verified.media, input.relative),
      },
    };
  }

  private async chooseOutput(
    order: Order<typeof transcode>,
    input: LibraryInput,
    { preset, settings }: { preset: string; settings: PresetSettings },
  ): Promise<LibraryOutput> {
    const { outputPath: asked } = order.parameters;
    if (asked === undefined) {
      const { name } = parsePresetReference(preset);
      return this.library.freeOutput(outputName(input.relative, name, settings.container), order);
    }
    const extensions = extensionsOf(settings.container);
    if (!extensions.includes(extensionOf(asked))) {
      const endings = extensions.map((extension) => `.${extension}`).join(' or ');
      throw new MediaError(
        'INVALID_PARAMETERS',
        `the output is ${settings.container}: its name must end with ${endings}`,
      );
    }
    return this.library.resolveOutput(asked, order);
  }

  /** @throws {MediaError} FEATURE_MISSING when only the GPU could do it */
  private onCpu(plan: TranscodePlan): TranscodePlan {
    requireFeatures(plan.needs, this.ffmpeg.tools);
    return plan;
  }

  private encode(plan: TranscodePlan, onCpu: () => TranscodePlan, job: JobContext): Promise<EncodeRun<TranscodePlan>> {
    const { mode, expect, expectedBytes } = plan;
    const log = job.log.bind(job);
    return runEncode(this.ffmpeg, plan, onCpu, log, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: expect.kind === 'picture' ? null : expect.durationSeconds,
      expectedBytes,
      onProgress: reportProgress(job, mode),
    });
  }

  private async verify(
    { mode, expect }: TranscodePlan,
    file: string,
    made: EncodeRun<TranscodePlan> | null,
    job: JobContext,
  ): Promise<{ media: MediaInfo; encoder: string | null }> {
    job.progress({ phase: 'verify', percent: 100 });
    try {
      return { media: await verifyOutput(this.ffmpeg, file, expect, job), encoder: made?.command.encoder ?? null };
    } catch (error) {
      throw made === null ? error : blameInput(error, made.run.stderr, mode === 'remux');
    }
  }
}

/** What has sound only is no video of the library. */
const videoChanges = (path: string, media: MediaInfo, derivedFrom: string) =>
  media.video === null ? [] : [{ path, media, valid: true, derivedFrom }];
