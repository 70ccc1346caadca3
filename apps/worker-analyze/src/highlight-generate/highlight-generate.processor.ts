import { highlightGenerate } from '@reelay/contracts';
import type { Ffmpeg, MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { ReelMaker } from '../reel/reel-maker.js';
import { chooseMoments } from './highlight-generate.plan.js';

/** From which change on, in percent, a picture is a cut: cuts are no motion. */
const CUT_THRESHOLD = 10;

/** Makes a reel of the best moments of a video. */
export class HighlightGenerateProcessor implements JobProcessor<typeof highlightGenerate> {
  readonly contract = highlightGenerate;
  private readonly maker: ReelMaker;

  constructor(ffmpeg: Ffmpeg, library: MediaLibrary, settings: { readonly threads?: number | undefined }) {
    this.maker = new ReelMaker(ffmpeg, library, settings);
  }

  async process(
    order: Order<typeof highlightGenerate>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof highlightGenerate>> {
    const { inputPath, outputPath, ...settings } = order.parameters;
    const { path, media, parts, whole, videos } = await this.maker.make(
      {
        ...{ inputPath, outputPath, threshold: CUT_THRESHOLD, suffix: 'highlights' },
        choose: (analysis, fps) => chooseMoments(analysis, settings, fps),
      },
      order,
      job,
    );
    return { destinationPaths: [path], result: { outputPath: path, whole, moments: [...parts], media, videos } };
  }
}
