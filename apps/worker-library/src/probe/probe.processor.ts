import { probe } from '@reelay/contracts';
import {
  describeMedia,
  MediaError,
  probe as probeFile,
  quoteCommand,
  reportProgress,
  type Ffmpeg,
  type LibraryInput,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { planCount } from './probe.plan.js';

/** Reads what a media file holds. */
export class ProbeProcessor implements JobProcessor<typeof probe> {
  readonly contract = probe;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process({ parameters }: Order<typeof probe>, job: JobContext): Promise<ProcessorResult<typeof probe>> {
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probeFile(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    const frames = parameters.countFrames ? await this.count(input, media, job) : null;
    return { destinationPaths: [], result: { media, frames, videos: [{ path: input.relative, media }] } };
  }

  private async count(input: LibraryInput, media: MediaInfo, job: JobContext): Promise<number> {
    if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    const args = planCount(input.absolute);
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    const { frames, complaints, stderr } = await this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: media.durationSeconds,
      onProgress: reportProgress(job, 'count'),
    });
    if (frames === 0) throw new MediaError('INPUT_UNREADABLE', 'no frame of the input could be decoded');
    const damage = complaints === 0 ? '' : `; ffmpeg complained, as in: ${stderr[0] ?? ''}`;
    job.log(`${String(frames)} pictures were decoded${damage}`);
    return frames;
  }
}
