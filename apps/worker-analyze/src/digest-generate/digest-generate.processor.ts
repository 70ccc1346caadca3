import { digestGenerate } from '@reelay/contracts';
import type { Ffmpeg, MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { ReelMaker } from '../reel/reel-maker.js';
import { chooseSegments } from './digest-generate.plan.js';

/** Makes a short video of the best parts of a long one. */
export class DigestGenerateProcessor implements JobProcessor<typeof digestGenerate> {
  readonly contract = digestGenerate;
  private readonly maker: ReelMaker;

  constructor(ffmpeg: Ffmpeg, library: MediaLibrary, settings: { readonly threads?: number | undefined }) {
    this.maker = new ReelMaker(ffmpeg, library, settings);
  }

  async process(order: Order<typeof digestGenerate>, job: JobContext): Promise<ProcessorResult<typeof digestGenerate>> {
    const { inputPath, outputPath, threshold, ...settings } = order.parameters;
    const { path, media, parts, whole, videos } = await this.maker.make(
      {
        ...{ inputPath, outputPath, threshold, suffix: 'digest' },
        choose: (analysis, fps) => chooseSegments(analysis, settings, fps),
      },
      order,
      job,
    );
    return { destinationPaths: [path], result: { outputPath: path, whole, segments: [...parts], media, videos } };
  }
}
