import { parsePresetReference, transcode, type PresetSettings } from '@reelay/contracts';
import {
  blameInput,
  describeMedia,
  extensionOf,
  MediaError,
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
import { extensionsOf, outputName, planTranscode, type TranscodePlan } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import type { EncodeSettings } from '../reencode-streaming/reencode-streaming.processor.js';
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
    const plan = (target: string): TranscodePlan => {
      const files = { input: input.absolute, output: target };
      return planTranscode({ settings, start, end }, source, files, this.encoding.threads);
    };
    // Before any name is taken: what cannot be planned or run leaves nothing behind.
    const draft = plan('');
    requireFeatures(draft.needs, this.ffmpeg.tools);
    job.log([`preset ${preset}`, ...draft.notes].join('; '));
    const output = await this.chooseOutput(order, input, { preset, settings });
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.encode(plan(temporary), job),
      verify: (file, run) => this.verify(draft, file, run, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    job.log(`output ${path}: ${describeMedia(verified)}; took ${seconds} s`);
    return {
      destinationPaths: [path],
      result: {
        ...{ preset, outputPath: path, mode: draft.mode, media: verified },
        videos: videoChanges(path, verified, input.relative),
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

  private async encode({ mode, args, expect, expectedBytes }: TranscodePlan, job: JobContext): Promise<RunResult> {
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    return this.ffmpeg.run(args, {
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
    run: RunResult | null,
    job: JobContext,
  ): Promise<MediaInfo> {
    job.progress({ phase: 'verify', percent: 100 });
    try {
      return await verifyOutput(this.ffmpeg, file, expect, job);
    } catch (error) {
      throw run === null ? error : blameInput(error, run.stderr, mode === 'remux');
    }
  }
}

/** What has sound only is no video of the library. */
const videoChanges = (path: string, media: MediaInfo, derivedFrom: string) =>
  media.video === null ? [] : [{ path, media, valid: true, derivedFrom }];
