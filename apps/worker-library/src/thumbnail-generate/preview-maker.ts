import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { thumbnailGenerate } from '@reelay/contracts';
import {
  describeDimensions,
  describeSize,
  extensionOf,
  MediaError,
  outputBaseName,
  produceOutput,
  reportProgress,
  shareOf,
  verifyOutput,
  type Ffmpeg,
  type LibraryOutput,
  type MediaLibrary,
} from '@reelay/media';
import type { JobContext, Order, ProcessorResult } from '@reelay/worker-sdk';
import {
  joinScript,
  planPreview,
  planPreviewJoin,
  planSegment,
  previewExpectation,
  segmentName,
  type PreviewPlan,
} from './preview.plan.js';
import { runLogged } from './run-logged.js';
import { OUTPUT_FOLDER, type Film } from './thumbnail-input.js';
import { readWebp } from './webp.js';

type Thumbnail = typeof thumbnailGenerate;

/** The share of the progress at which all segments are there. */
const SEGMENTS_PERCENT = 70;

/** WebP counts milliseconds for each picture; the sum may be off by one for each. */
const WEBP_TOLERANCE_SECONDS = 0.2;

/** Makes short films of segments that are spread over a video. */
export class PreviewMaker {
  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {}

  async make(film: Film, order: Order<Thumbnail>, job: JobContext): Promise<ProcessorResult<Thumbnail>> {
    const { input } = film;
    const plan = planPreview(film.video, film.durationSeconds, order.parameters);
    const output = await this.chooseOutput(input.relative, plan, order);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.join(film, plan, temporary, job),
      verify: (file) => this.verify(file, plan, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { size, durationSeconds, starts } = plan;
    job.log(
      `output ${path}: ${describeDimensions(size)}, ${durationSeconds.toFixed(2)} s of ${String(starts.length)} ` +
        `segments, ${describeSize(verified.sizeBytes)}`,
    );
    return {
      destinationPaths: [path],
      result: {
        kind: 'preview',
        previewPath: path,
        durationSeconds,
        ...size,
        sizeBytes: verified.sizeBytes,
        videos: [{ path: input.relative, previewPath: path }],
      },
    };
  }

  private async chooseOutput(input: string, { format }: PreviewPlan, order: Order<Thumbnail>): Promise<LibraryOutput> {
    const { outputPath } = order.parameters;
    if (outputPath === undefined) {
      const base = `${outputBaseName(input)}-preview`;
      return this.library.freeOutput({ directory: OUTPUT_FOLDER, base, extension: format }, order);
    }
    if (extensionOf(outputPath) !== format) {
      throw new MediaError('INVALID_PARAMETERS', `the output's name must end with .${format}, as its format`);
    }
    return this.library.resolveOutput(outputPath, order);
  }

  private async join(film: Film, plan: PreviewPlan, output: string, job: JobContext): Promise<void> {
    const count = plan.starts.length;
    for (const [index, start] of plan.starts.entries()) {
      job.progress({ phase: 'segments', percent: (index / count) * SEGMENTS_PERCENT });
      const args = planSegment(film.input.absolute, plan, index, join(job.workDir, segmentName(index)));
      const { frames } = await runLogged(this.ffmpeg, args, job);
      if (frames === plan.framesOfSegment) continue;
      throw new MediaError('INPUT_UNREADABLE', `no frame of the input could be decoded at ${start.toFixed(2)} s`);
    }
    const script = join(job.workDir, 'segments.ffconcat');
    await writeFile(script, joinScript(plan));
    await runLogged(this.ffmpeg, planPreviewJoin(script, plan, output), job, {
      durationSeconds: plan.durationSeconds,
      onProgress: reportProgress(shareOf(job, SEGMENTS_PERCENT, 90), 'join'),
    });
  }

  private async verify(file: string, plan: PreviewPlan, job: JobContext): Promise<{ sizeBytes: number }> {
    job.progress({ phase: 'verify', percent: 90 });
    if (plan.format === 'mp4') await verifyOutput(this.ffmpeg, file, previewExpectation(plan), job);
    else await verifyWebp(file, plan);
    return { sizeBytes: (await stat(file)).size };
  }
}

/** @throws {MediaError} OUTPUT_INVALID */
async function verifyWebp(file: string, { size, durationSeconds }: PreviewPlan): Promise<void> {
  const facts = readWebp(await readFile(file));
  if (facts === null) throw new MediaError('OUTPUT_INVALID', 'it is no whole WebP');
  const { width, height, frames } = facts;
  // Pictures that are the same become one; when all are, it is a still picture.
  const isWhole = frames === 0 || Math.abs(facts.durationSeconds - durationSeconds) <= WEBP_TOLERANCE_SECONDS;
  if (width === size.width && height === size.height && isWhole && facts.loops === 0) return;
  const found = `${describeDimensions(facts)}, ${facts.durationSeconds.toFixed(2)} s`;
  const planned = `${describeDimensions(size)}, ${durationSeconds.toFixed(2)} s`;
  throw new MediaError('OUTPUT_INVALID', `it is ${found}, not ${planned}`, { facts: { found: facts } });
}
