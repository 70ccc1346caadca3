import { trim } from '@reelay/contracts';
import { Trimmer, type Ffmpeg, type MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';

/** Cuts a range out of a video. */
export class TrimProcessor implements JobProcessor<typeof trim> {
  readonly contract = trim;
  private readonly trimmer: Trimmer;

  constructor(ffmpeg: Ffmpeg, library: MediaLibrary, settings: { readonly threads?: number | undefined }) {
    this.trimmer = new Trimmer(ffmpeg, library, settings);
  }

  async process(order: Order<typeof trim>, job: JobContext): Promise<ProcessorResult<typeof trim>> {
    const { inputPath, ...request } = order.parameters;
    const source = await this.trimmer.open(inputPath, job);
    const { path, media, ...facts } = await this.trimmer.trim(source, request, order, job, job);
    const change = { path, media, valid: true, derivedFrom: source.input.relative };
    return { destinationPaths: [path], result: { outputPath: path, ...facts, media, videos: [change] } };
  }
}
