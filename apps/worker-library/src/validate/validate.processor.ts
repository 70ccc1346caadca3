import { validate } from '@reelay/contracts';
import {
  describeMedia,
  MediaError,
  probe,
  quoteCommand,
  reportProgress,
  type Ffmpeg,
  type LibraryInput,
  type MediaInfo,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { judge, planDecode, type DecodeReport } from './validate.plan.js';

/** Probes a video again and says whether it is valid. */
export class ValidateProcessor implements JobProcessor<typeof validate> {
  readonly contract = validate;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process({ parameters }: Order<typeof validate>, job: JobContext): Promise<ProcessorResult<typeof validate>> {
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    const decode = parameters.decode ? await this.decode(input, media, job) : null;
    const { valid, reason } = judge(media, decode);
    job.log(valid ? 'it is valid' : `it is not valid: ${String(reason)}`);
    return {
      destinationPaths: [],
      result: { valid, reason, media, videos: [{ path: input.relative, media, valid, invalidReason: reason }] },
    };
  }

  /** A decode that ffmpeg gives up on is a finding like any other; a crash or a stall is not. */
  private async decode(input: LibraryInput, media: MediaInfo, job: JobContext): Promise<DecodeReport> {
    const args = planDecode(input.absolute);
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    try {
      return await this.ffmpeg.run(args, {
        signal: job.signal,
        pause: job.pause,
        durationSeconds: media.durationSeconds,
        onProgress: reportProgress(job, 'decode'),
      });
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'INPUT_UNREADABLE') throw error;
      return { complaints: 1, stderr: [error.message], mediaSeconds: 0 };
    }
  }
}
