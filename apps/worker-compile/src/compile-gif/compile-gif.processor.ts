import { stat } from 'node:fs/promises';
import { compileGif, type ParametersOf } from '@reelay/contracts';
import {
  Compiler,
  describeDimensions,
  describeMedia,
  describeSize,
  listPictures,
  MediaError,
  outputBaseName,
  outputFault,
  probe,
  produceOutput,
  readPictureHeader,
  shareOf,
  type Ffmpeg,
  type MediaLibrary,
  type VideoStreamInfo,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import { gifSize, MOST_TRIES, planGif, smallerShape, type GifShape } from './compile-gif.plan.js';

/** An animation that was made, and fits. */
interface Made {
  readonly shape: GifShape;
  readonly tries: number;
}

/** A finished animation, as its verification found it. */
interface Verified extends GifShape {
  readonly height: number;
  readonly frames: number;
  readonly sizeBytes: number;
  readonly tries: number;
}

/** What an animation is made from. */
interface Clip {
  readonly input: string;
  readonly video: VideoStreamInfo;
  readonly range: { readonly start: number; readonly duration: number };
}

/** Makes an animated GIF. */
export class CompileGifProcessor implements JobProcessor<typeof compileGif> {
  readonly contract = compileGif;
  private readonly compiler: Compiler;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
  ) {
    this.compiler = new Compiler(ffmpeg, library);
  }

  async process(order: Order<typeof compileGif>, job: JobContext): Promise<ProcessorResult<typeof compileGif>> {
    const { parameters } = order;
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    if (media.video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    const range = rangeOf(parameters, media.durationSeconds);
    const clip = { input: input.absolute, video: media.video, range };
    const base = outputBaseName(input.relative);
    const output = await this.compiler.chooseOutput(parameters.outputPath, base, ['gif'], order);
    const { path, verified, adopted } = await produceOutput(this.library, output, order, job, {
      make: (temporary) => this.makeFitting(clip, parameters, temporary, job),
      verify: (file, made) => this.verify(file, made, clip, parameters, job),
    });
    if (adopted) job.log('an earlier attempt of this job had published it already');
    const { width, height, frames, sizeBytes } = verified;
    job.log(
      `output ${path}: ${describeDimensions({ width, height })}, ${String(frames)} pictures, ${describeSize(sizeBytes)}`,
    );
    return { destinationPaths: [path], result: { outputPath: path, ...verified } };
  }

  /** Makes it until it fits; each try replaces the one before. */
  private async makeFitting(
    clip: Clip,
    { width, fps, maxBytes = Infinity }: ParametersOf<typeof compileGif>,
    output: string,
    job: JobContext,
  ): Promise<Made> {
    let shape: GifShape = { width: gifSize(clip.video, width).width, fps };
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const size = gifSize(clip.video, shape.width);
      const share = shareOf(job, ...shareOfTry(tries, Number.isFinite(maxBytes)));
      await this.compiler.run(
        planGif(clip.input, clip.range, size, shape.fps, output),
        `try ${String(tries)}`,
        clip.range.duration,
        share,
        job,
      );
      const sizeBytes = (await stat(output)).size;
      if (sizeBytes <= maxBytes) return { shape, tries };
      job.log(`${describeSize(sizeBytes)} at ${describeDimensions(size)} and ${String(shape.fps)} fps are too much`);
      const smaller = smallerShape(shape, sizeBytes, maxBytes);
      if (smaller === null) break;
      shape = smaller;
    }
    throw new MediaError(
      'INVALID_PARAMETERS',
      `it cannot be made as small as ${describeSize(maxBytes)}: shorten duration or raise maxBytes`,
    );
  }

  private async verify(
    file: string,
    made: Made | null,
    { video, range }: Clip,
    parameters: ParametersOf<typeof compileGif>,
    job: JobContext,
  ): Promise<Verified> {
    job.progress({ phase: 'verify', percent: 100 });
    const { tools } = this.ffmpeg;
    const { size: sizeBytes } = await stat(file);
    const media = await probe(tools, file, job);
    // An earlier attempt's tries are not known: what it published fits, and its own width tells its size.
    const shape = made?.shape ?? { width: media.video?.width ?? 0, fps: media.video?.fps ?? parameters.fps };
    const size = gifSize(video, shape.width);
    const fault = outputFault(media, { kind: 'picture', videoCodec: 'gif', ...size });
    const header = await readPictureHeader(tools, file, job);
    const pictures = await listPictures(tools, file, { from: 0, to: range.duration + 1 }, header, job);
    // Pictures that repeat the one before are left out, which is then shown for longer.
    const length = media.durationSeconds ?? 0;
    const isWhole = Math.abs(length - range.duration) <= 0.2 + 1 / shape.fps;
    const wrong = fault ?? (isWhole ? null : `it lasts ${length.toFixed(2)} s, not ${range.duration.toFixed(2)} s`);
    if (wrong !== null) throw new MediaError('OUTPUT_INVALID', wrong);
    return { ...size, fps: shape.fps, frames: pictures.length, sizeBytes, tries: made?.tries ?? 1 };
  }
}

/** Each further try has half of the progress that is left, since nobody knows how many there will be. */
const shareOfTry = (tries: number, mayRepeat: boolean): [number, number] =>
  mayRepeat ? [100 - 100 / 2 ** (tries - 1), 100 - 100 / 2 ** tries] : [0, 100];

function rangeOf(
  { start, duration }: ParametersOf<typeof compileGif>,
  durationSeconds: number | null,
): { start: number; duration: number } {
  if (durationSeconds === null) return { start, duration };
  if (start >= durationSeconds) {
    throw new MediaError(
      'INVALID_PARAMETERS',
      `start (${String(start)} s) is beyond the film, which lasts ${durationSeconds.toFixed(3)} s`,
    );
  }
  return { start, duration: Math.min(duration, durationSeconds - start) };
}
