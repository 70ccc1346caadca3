import { tagGeneration } from '@reelay/contracts';
import {
  describeMedia,
  displaySize,
  MediaError,
  probe,
  quoteCommand,
  untilResumed,
  type Ffmpeg,
  type LibraryInput,
  type MediaInfo,
  type MediaLibrary,
  type VideoStreamInfo,
} from '@reelay/media';
import { JobError, type JobContext, type JobProcessor, type Order, type ProcessorResult } from '@reelay/worker-sdk';
import { letterbox } from '../vision/letterbox.js';
import { rawFrames } from '../vision/raw-frames.js';
import type { VisionModel } from '../vision/vision-model.js';
import { secondsLeft } from './look-progress.js';
import { planSampling, type SamplingPlan, type SamplingRun } from './sampling.plan.js';
import { toTags, unknownLabels, type LookedAt } from './tags.js';

/** Bytes of a pixel: red, green, blue. */
const PIXEL_BYTES = 3;

/** Tags a video with what a model sees in it. */
export class TagGenerationProcessor implements JobProcessor<typeof tagGeneration> {
  readonly contract = tagGeneration;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly model: VisionModel,
  ) {}

  async process(
    { parameters }: Order<typeof tagGeneration>,
    job: JobContext,
  ): Promise<ProcessorResult<typeof tagGeneration>> {
    const { name: model, labels, input: size } = this.model;
    const unknown = unknownLabels(parameters.labels, labels);
    if (unknown.length > 0) {
      throw new JobError('INVALID_PARAMETERS', `the model ${model} does not know: ${unknown.join(', ')}`);
    }
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await this.open(input, job);
    const shown = displaySize(media.video);
    const box = letterbox(shown, size);
    const plan = planSampling(input.absolute, { ...parameters, durationSeconds: media.durationSeconds }, box);
    const looks = await this.lookAtAll(plan, job);
    if (looks.length === 0) throw new MediaError('INPUT_UNREADABLE', 'no frame of the input could be decoded');
    const items = toTags(looks, parameters, box);
    const found = items.map(({ tag, confidence }) => `${tag} (${String(confidence)})`).join(', ');
    job.log(`${model} looked at ${String(looks.length)} pictures and saw: ${found === '' ? 'nothing' : found}`);
    return {
      destinationPaths: [],
      result: {
        model,
        tags: items,
        framesLooked: looks.length,
        stepSeconds: plan.stepSeconds,
        ...shown,
        videos: [{ path: input.relative, media, tags: { model, items } }],
      },
    };
  }

  private async open(input: LibraryInput, job: JobContext): Promise<MediaInfo & { video: VideoStreamInfo }> {
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    const { video } = media;
    if (video === null) throw new MediaError('INPUT_UNREADABLE', 'the input has sound only: there is no picture');
    return { ...media, video };
  }

  private async lookAtAll(plan: SamplingPlan, job: JobContext): Promise<LookedAt[]> {
    const looks: LookedAt[] = [];
    let workedMs = 0;
    const [first] = plan.runs;
    const others = plan.runs.length === 1 ? '' : ` (and so on, ${String(plan.runs.length)} runs)`;
    job.log(`$ ${quoteCommand(this.ffmpeg.argv(first?.args ?? []))}${others}`);
    for (const run of plan.runs) {
      await this.lookAt(run, job, (look, tookMs) => {
        looks.push(look);
        workedMs += tookMs;
        job.progress({
          phase: 'look',
          percent: (100 * looks.length) / plan.frames,
          fps: (1000 * looks.length) / Math.max(1, workedMs),
          etaSeconds: secondsLeft(looks.length, plan.frames, workedMs),
        });
      });
    }
    return looks;
  }

  /** Frames are taken from ffmpeg one by one: it waits while the model looks, or the job is paused. */
  private async lookAt(
    { args, times }: SamplingRun,
    job: JobContext,
    onLook: (look: LookedAt, tookMs: number) => void,
  ): Promise<void> {
    const { width, height } = this.model.input;
    await this.ffmpeg.run(args, {
      signal: job.signal,
      pause: job.pause,
      durationSeconds: null,
      readPipes: [
        async (pipe) => {
          let index = 0;
          let since = performance.now();
          for await (const frame of rawFrames(pipe, width * height * PIXEL_BYTES)) {
            if (job.pause.paused) {
              await untilResumed(job.pause, job.signal);
              since = performance.now();
            }
            job.signal.throwIfAborted();
            const seconds = times[index++];
            if (seconds === undefined) continue;
            const detections = await this.model.detect(frame);
            onLook({ seconds, detections }, performance.now() - since);
            since = performance.now();
          }
        },
      ],
    });
  }
}
