import { clipGenerate } from '@reelay/contracts';
import { outputBaseName, shareOf, Trimmer, type Ffmpeg, type MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { numbered } from '../numbered.js';

/** Cuts clips out of a video. */
export class ClipGenerateProcessor implements JobProcessor<typeof clipGenerate> {
  readonly contract = clipGenerate;
  private readonly trimmer: Trimmer;

  constructor(ffmpeg: Ffmpeg, library: MediaLibrary, settings: { readonly threads?: number | undefined }) {
    this.trimmer = new Trimmer(ffmpeg, library, settings);
  }

  /** Each clip has its place as soon as it is finished. A next attempt finds it there, and goes on with the others. */
  async process(order: Order<typeof clipGenerate>, job: JobContext): Promise<ProcessorResult<typeof clipGenerate>> {
    const { inputPath, ranges, accurate } = order.parameters;
    const source = await this.trimmer.open(inputPath, job);
    for (const range of ranges) this.trimmer.check(source, range);
    const name = outputBaseName(source.input.relative);
    const clips: ProcessorResult<typeof clipGenerate>['result']['clips'] = [];
    for (const [index, { start, end }] of ranges.entries()) {
      job.log(`clip ${String(index + 1)} of ${String(ranges.length)}: ${String(start)} s to ${String(end)} s`);
      const share = shareOf(job, (100 * index) / ranges.length, (100 * (index + 1)) / ranges.length);
      const request = { start, end, accurate, base: `${name}-clip-${numbered(index, ranges.length)}` };
      const { path, mode, inSeconds, outSeconds, frames, media } = await this.trimmer.trim(
        source,
        request,
        order,
        job,
        share,
      );
      clips.push({ outputPath: path, start, end, mode, inSeconds, outSeconds, frames, media });
    }
    const { relative: derivedFrom } = source.input;
    const made = clips.map(({ outputPath, media }) => ({ path: outputPath, media, valid: true, derivedFrom }));
    const videos = [{ path: derivedFrom, media: source.media }, ...made];
    return { destinationPaths: clips.map(({ outputPath }) => outputPath), result: { clips, videos } };
  }
}
