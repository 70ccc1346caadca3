import { compileRandom } from '@reelay/contracts';
import {
  Compiler,
  describeMedia,
  produceOutput,
  verifyOutput,
  type Ffmpeg,
  type MediaLibrary,
  type PlannedPiece,
} from '@reelay/media';
import { compiled, planPiece } from '@reelay/media/plan';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { pickClips, seedOf } from './compile-random.plan.js';

/** Joins clips that are picked at random. */
export class CompileRandomProcessor implements JobProcessor<typeof compileRandom> {
  readonly contract = compileRandom;
  private readonly compiler: Compiler;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: { readonly threads?: number | undefined },
  ) {
    this.compiler = new Compiler(ffmpeg, library);
  }

  async process(order: Order<typeof compileRandom>, job: JobContext): Promise<ProcessorResult<typeof compileRandom>> {
    const { parameters } = order;
    const { width, height, fps } = parameters;
    const format = { width, height, fps };
    const seed = parameters.seed ?? seedOf(order.jobId ?? String(order.attemptId));
    const sources = await this.compiler.openSources(parameters.inputPaths, job);
    const clips = pickClips(sources, parameters, seed);
    const picks = clips.map(({ source, fromFrame, frames }) => ({
      path: source.relative,
      startSeconds: milliseconds(fromFrame / fps),
      lengthSeconds: milliseconds(frames / fps),
    }));
    job.log(`seed ${String(seed)}: ${String(clips.length)} of ${String(sources.length)} inputs are picked`);
    const output = await this.compiler.chooseOutput(parameters.outputPath, 'random', ['mp4', 'm4v'], order);
    const expect = compiled(format, clips.reduce((sum, { frames }) => sum + frames, 0) / fps);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: async (temporary) => {
        const gains = await this.compiler.gains(clips, fps, job);
        const pieces = clips.map((clip, index): PlannedPiece => {
          const {
            path: from,
            startSeconds,
            lengthSeconds,
          } = picks[index] ?? { path: '', startSeconds: 0, lengthSeconds: 0 };
          return {
            label: `${from}, ${String(lengthSeconds)} s from ${String(startSeconds)} s`,
            frames: clip.frames,
            args: (file) => planPiece({ ...clip, gainDb: gains[index] ?? 0 }, format, file, this.settings),
          };
        });
        await this.compiler.compile(pieces, { format }, temporary, job);
      },
      verify: (file) => {
        job.progress({ phase: 'verify', percent: 100 });
        return verifyOutput(this.ffmpeg, file, expect, job);
      },
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    job.log(`output ${path}: ${describeMedia(verified)}`);
    return {
      destinationPaths: [path],
      result: { outputPath: path, seed, picks, media: verified, videos: [{ path, media: verified, valid: true }] },
    };
  }
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;
