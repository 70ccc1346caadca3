import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { thumbnailGenerate } from '@reelay/contracts';
import {
  describeDimensions,
  describeMedia,
  describeSize,
  extensionOf,
  MediaError,
  outputBaseName,
  probe,
  produceOutput,
  verifyOutput,
  type Ffmpeg,
  type LibraryInput,
  type LibraryOutput,
  type MediaLibrary,
  type VideoStreamInfo,
} from '@reelay/media';
import { planStill, stillSize, type StillPlan } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { PreviewMaker } from './preview-maker.js';
import { runLogged } from './run-logged.js';
import { SpriteMaker } from './sprite-maker.js';
import { isBrightEnough, planSample, sampleBrightness, thumbnailPositions } from './thumbnail-generate.plan.js';
import { filmOf, OUTPUT_FOLDER } from './thumbnail-input.js';

/** The width of a picture that was not asked for one, in pixels. */
const DEFAULT_WIDTH = 640;

/** Takes a still picture from a video, or makes a sprite or an animated preview of it. */
export class ThumbnailGenerateProcessor implements JobProcessor<typeof thumbnailGenerate> {
  readonly contract = thumbnailGenerate;
  private readonly sprites: SpriteMaker;
  private readonly previews: PreviewMaker;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {
    this.sprites = new SpriteMaker(ffmpeg, library);
    this.previews = new PreviewMaker(ffmpeg, library);
  }

  async process(
    order: Order<typeof thumbnailGenerate>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof thumbnailGenerate>> {
    const input = await this.library.resolveInput(order.parameters.inputPath);
    const source = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(source)}`);
    if (source.video === null)
      throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    switch (order.parameters.kind) {
      case 'single':
        return this.takeSingle(input, source.video, source.durationSeconds, order, job);
      case 'sprite':
        return this.sprites.make(filmOf(input, source.video, source), order, job);
      case 'preview':
        return this.previews.make(filmOf(input, source.video, source), order, job);
    }
  }

  private async takeSingle(
    input: LibraryInput,
    video: VideoStreamInfo,
    durationSeconds: number | null,
    order: Order<typeof thumbnailGenerate>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof thumbnailGenerate>> {
    const { outputPath, timestamp, width = DEFAULT_WIDTH } = order.parameters;
    const size = stillSize(video, width);
    const output = await this.chooseOutput(order, outputPath, input);
    const positions = thumbnailPositions(timestamp, durationSeconds);
    const position = await this.chooseFrame(input, positions, timestamp === undefined, job);
    const plan = (target: string): StillPlan => planStill(input.absolute, position, size, target);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.extract(plan(temporary), job),
      verify: (file) => this.verify(plan(file), file, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { sizeBytes } = verified;
    job.log(`output ${path}: ${describeDimensions(size)}, ${describeSize(sizeBytes)}, from ${String(position)} s`);
    return {
      destinationPaths: [path],
      result: {
        kind: 'single',
        thumbnailPath: path,
        timestamp: position,
        ...size,
        sizeBytes,
        videos: [{ path: input.relative, thumbnailPath: path }],
      },
    };
  }

  private async chooseOutput(
    order: Order<typeof thumbnailGenerate>,
    asked: string | undefined,
    input: LibraryInput,
  ): Promise<LibraryOutput> {
    if (asked === undefined) {
      const base = outputBaseName(input.relative);
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: 'jpg' }, order);
    }
    if (!['jpg', 'jpeg'].includes(extensionOf(asked))) {
      throw new MediaError('INVALID_PARAMETERS', 'the output is a JPEG: its name must end with .jpg or .jpeg');
    }
    return this.library.resolveOutput(asked, order);
  }

  /** The first position with a frame, or with one that is not near-black; else the one with the brightest. */
  private async chooseFrame(
    input: LibraryInput,
    positions: readonly number[],
    passOverBlack: boolean,
    job: JobContext,
  ): Promise<number> {
    let best: { position: number; brightness: number } | null = null;
    for (const [index, position] of positions.entries()) {
      job.progress({ phase: 'choose', percent: (index / positions.length) * 50 });
      const brightness = await this.brightnessAt(
        input,
        position,
        join(job.workDir, `sample-${String(index)}.gray`),
        job,
      );
      if (brightness === null) continue;
      if (!passOverBlack || isBrightEnough(brightness)) return position;
      job.log(`the frame at ${String(position)} s is near-black`);
      if (best === null || brightness > best.brightness) best = { position, brightness };
    }
    if (best === null) throw new MediaError('INPUT_UNREADABLE', 'no frame of the input could be decoded');
    return best.position;
  }

  /** Mean brightness of the frame at a position; null when there is none, or it is broken. */
  private async brightnessAt(
    input: LibraryInput,
    position: number,
    file: string,
    job: JobContext,
  ): Promise<number | null> {
    try {
      const { signal, pause } = job;
      await this.ffmpeg.run(planSample(input.absolute, position, file), { signal, pause, durationSeconds: null });
      return sampleBrightness(await readFile(file));
    } catch (error) {
      if (error instanceof MediaError && error.code === 'INPUT_UNREADABLE') return null;
      throw error;
    }
  }

  private async extract({ args }: StillPlan, job: JobContext): Promise<void> {
    job.progress({ phase: 'extract', percent: 50 });
    await runLogged(this.ffmpeg, args, job);
  }

  private async verify({ expect }: StillPlan, file: string, job: JobContext): Promise<{ sizeBytes: number }> {
    job.progress({ phase: 'verify', percent: 90 });
    await verifyOutput(this.ffmpeg, file, expect, job);
    return { sizeBytes: (await stat(file)).size };
  }
}
