import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { qualityCheck } from '@reelay/contracts';
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
  type VideoStreamInfo,
} from '@reelay/media';
import { JobError, type JobContext, type JobProcessor, type Order, type ProcessorResult } from '@reelay/worker-sdk';
import {
  ComparisonReader,
  durationFault,
  planComparison,
  qualityFault,
  type Comparison,
} from './quality-check.plan.js';

/** A file that has a picture. */
interface Film extends LibraryInput {
  readonly media: MediaInfo;
  readonly video: VideoStreamInfo;
}

/** Measures how much a video differs from its reference. */
export class QualityCheckProcessor implements JobProcessor<typeof qualityCheck> {
  readonly contract = qualityCheck;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async process(
    { parameters }: Order<typeof qualityCheck>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof qualityCheck>> {
    const input = await this.open('input', parameters.inputPath, job);
    const reference = await this.open('reference', parameters.referencePath, job);
    const lasts = durationFault(input.media, reference.media);
    if (lasts !== null) throw new JobError('QUALITY_TOO_LOW', lasts);
    const comparison = await this.compare(input, reference, parameters.everySeconds ?? null, job);
    const { ssim, psnr, vmaf, frames } = comparison;
    job.log(
      `${String(frames)} frames: SSIM ${String(ssim.mean)} (worst ${String(ssim.min)}), ` +
        `PSNR ${String(psnr.mean)} dB (worst ${String(psnr.min)})${vmaf === null ? '' : `, VMAF ${String(vmaf.mean)}`}`,
    );
    const fault = qualityFault(comparison, parameters);
    if (fault !== null) throw new JobError('QUALITY_TOO_LOW', fault);
    return { destinationPaths: [], result: comparison };
  }

  private async open(role: string, path: string, job: JobContext): Promise<Film> {
    const file = await this.library.resolveInput(path);
    const media = await probe(this.ffmpeg.tools, file.absolute, job);
    job.log(`${role} ${file.relative}: ${describeMedia(media)}`);
    if (media.video === null)
      throw new MediaError('INPUT_UNREADABLE', `the ${role} has sound only: there is no picture`);
    return { ...file, media, video: media.video };
  }

  private async compare(
    input: Film,
    reference: Film,
    everySeconds: number | null,
    job: JobContext,
  ): Promise<Comparison> {
    const logPath = join(job.workDir, 'figures.log');
    const vmafPath = this.ffmpeg.tools.filters.has('libvmaf') ? join(job.workDir, 'vmaf.json') : null;
    const args = planComparison({
      inputPath: input.absolute,
      referencePath: reference.absolute,
      reference: reference.video,
      everySeconds,
      logPath,
      vmafPath,
    });
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
    await this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: reference.media.durationSeconds,
      onProgress: reportProgress(job, 'compare'),
      folders: [job.workDir],
    });
    const reader = new ComparisonReader();
    for await (const line of createInterface({ input: createReadStream(logPath) })) reader.line(line);
    if (vmafPath !== null) reader.readVmaf(await readFile(vmafPath, 'utf8'));
    const comparison = reader.result();
    if (comparison === null) throw new MediaError('INPUT_UNREADABLE', 'no two frames could be compared');
    return comparison;
  }
}
