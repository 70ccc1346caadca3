import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileMega } from '@reelay/contracts';
import {
  Compiler,
  describeMedia,
  produceOutput,
  reelCommands,
  verifyOutput,
  type Ffmpeg,
  type MediaLibrary,
} from '@reelay/media';
import { compiled, framesIn, type LibrarySource, type PieceTitle } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { requireTitles } from '../font.js';
import { planMega } from './compile-mega.plan.js';

export interface MegaSettings {
  readonly threads?: number | undefined;
  /** The file of the titles' font. */
  readonly font: string;
}

/** Joins many videos in order. */
export class CompileMegaProcessor implements JobProcessor<typeof compileMega> {
  readonly contract = compileMega;
  private readonly compiler: Compiler;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: MegaSettings,
  ) {
    this.compiler = new Compiler(ffmpeg, library);
  }

  async process(order: Order<typeof compileMega>, job: JobContext): Promise<ProcessorResult<typeof compileMega>> {
    const { parameters } = order;
    const { width, height, fps, showTitles } = parameters;
    const format = { width, height, fps };
    if (showTitles) requireTitles(this.ffmpeg.tools);
    const sources = await this.compiler.openSources(parameters.inputPaths, job);
    const planned = planMega(parameters, sources, []);
    const chapters = planned.chapters.map((chapter) => ({ ...chapter }));
    const output = await this.compiler.chooseOutput(parameters.outputPath, 'mega', ['mp4', 'm4v'], order);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: async (temporary) => {
        const { pieces } = planMega(parameters, sources, await this.measure(sources, fps, job));
        const titles = showTitles ? await this.writeTitles(chapters, job) : [];
        const commands = reelCommands(pieces, format, { threads: this.settings.threads, titles });
        await this.compiler.compile(commands, { format, chapters }, temporary, job);
      },
      verify: (file) => {
        job.progress({ phase: 'verify', percent: 100 });
        return verifyOutput(this.ffmpeg, file, compiled(format, planned.frames / fps), job);
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.log(`output ${path}: ${describeMedia(verified)}, ${String(chapters.length)} chapters`);
    return {
      destinationPaths: [path],
      result: { outputPath: path, chapters, media: verified, videos: [{ path, media: verified, valid: true }] },
    };
  }

  /** Whole inputs are measured, so that what lies on either side of a cut is equally loud. */
  private measure(sources: readonly LibrarySource[], fps: number, job: JobContext): Promise<number[]> {
    const whole = sources.map((source) => ({ source, fromFrame: 0, frames: framesIn(source.durationSeconds, fps) }));
    return this.compiler.gains(whole, fps, job);
  }

  private async writeTitles(chapters: readonly { title: string }[], job: JobContext): Promise<PieceTitle[]> {
    return Promise.all(
      chapters.map(async ({ title }, index) => {
        const textFile = join(job.workDir, `title-${String(index)}.txt`);
        await writeFile(textFile, title);
        return { textFile, fontFile: this.settings.font };
      }),
    );
  }
}
