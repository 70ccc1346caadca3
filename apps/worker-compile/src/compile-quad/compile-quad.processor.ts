import { compileQuad } from '@reelay/contracts';
import { Compiler, describeMedia, produceOutput, verifyOutput, type Ffmpeg, type MediaLibrary } from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { planQuad } from './compile-quad.plan.js';

/** Plays four videos at once in a grid. */
export class CompileQuadProcessor implements JobProcessor<typeof compileQuad> {
  readonly contract = compileQuad;
  private readonly compiler: Compiler;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {
    this.compiler = new Compiler(ffmpeg, library);
  }

  async process(order: Order<typeof compileQuad>, job: JobContext): Promise<ProcessorResult<typeof compileQuad>> {
    const { parameters } = order;
    const sources = await this.compiler.openSources(parameters.inputPaths, job);
    const output = await this.compiler.chooseOutput(parameters.outputPath, 'quad', ['mp4', 'm4v'], order);
    const plan = (target: string): ReturnType<typeof planQuad> =>
      planQuad(parameters, sources, target, this.settings.threads);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => {
        const { args, expect } = plan(temporary);
        return this.compiler.run(args, 'grid', expect.durationSeconds ?? 0, job, job);
      },
      verify: (file) => {
        job.progress({ phase: 'verify', percent: 100 });
        return verifyOutput(this.ffmpeg, file, plan(file).expect, job);
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.log(`output ${path}: ${describeMedia(verified)}`);
    return {
      destinationPaths: [path],
      result: { outputPath: path, media: verified, videos: [{ path, media: verified, valid: true }] },
    };
  }
}
