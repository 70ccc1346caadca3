import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { planLadder } from '@reelay/contracts';
import {
  describeMedia,
  probe,
  quoteCommand,
  readText,
  reportProgress,
  shareOf,
  type Ffmpeg,
  type LibraryInput,
  type MediaLibrary,
  type VideoStreamInfo,
} from '@reelay/media';
import type { JobContext, JobProcessor, Order, ProcessorResult } from '@reelay/worker-sdk';
import type { EncodeSettings } from '../reencode-streaming/reencode-streaming.processor.js';
import { readDetail } from './detail.plan.js';
import { groupRenditions, planRungs, type LadderPlan } from './ladder.plan.js';
import { chooseByTitle, planSample, sampleFile, SAMPLE_CRFS, samplePlaces, type ProbedRung } from './per-title.plan.js';

/** What a look at the video found. */
interface PerTitle {
  readonly sampledSeconds: number;
  readonly places: number;
  readonly rungs: readonly ProbedRung[];
}

/** Decides in which sizes and bitrates a video is offered. */
export class PlanLadderProcessor implements JobProcessor<typeof planLadder> {
  readonly contract = planLadder;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly library: MediaLibrary,
    private readonly settings: EncodeSettings,
  ) {}

  async process(order: Order<typeof planLadder>, job: JobContext): Promise<ProcessorResult<typeof planLadder>> {
    const { parameters } = order;
    const input = await this.library.resolveInput(parameters.inputPath);
    const media = await probe(this.ffmpeg.tools, input.absolute, job);
    job.log(`input ${input.relative}: ${describeMedia(media)}`);
    const plan = planRungs(parameters, media);
    const { ladder, perTitle } =
      parameters.perTitle && media.video !== null
        ? await this.lookAt(input, media.durationSeconds, media.video, plan, job)
        : { ladder: plan, perTitle: null };
    for (const note of ladder.notes) job.log(note);
    const renditions = ladder.rungs.map(({ isAsked: _, ...rung }) => rung);
    for (const { name, width, height, videoBitrateKbps, level } of renditions) {
      job.log(`${name}: ${String(width)}x${String(height)}, ${String(videoBitrateKbps)} kbit/s, level ${level}`);
    }
    const { shown, frameRate, gopFrames, segmentSeconds, audio, notes } = ladder;
    return {
      destinationPaths: [],
      result: {
        source: { path: input.relative, media, ...shown },
        ...{ frameRate, gopFrames, segmentSeconds, renditions, audio },
        groups: groupRenditions(renditions, audio, parameters.groups).map((group) => ({
          ...group,
          renditions: [...group.renditions],
        })),
        perTitle: perTitle === null ? null : { ...perTitle, rungs: perTitle.rungs.map(mutable) },
        notes: [...notes],
      },
    };
  }

  /** Encodes samples and compares them, and lets the ladder follow what they showed. */
  private async lookAt(
    { absolute }: LibraryInput,
    durationSeconds: number | null,
    video: VideoStreamInfo,
    plan: LadderPlan,
    job: JobContext,
  ): Promise<{ ladder: LadderPlan; perTitle: PerTitle }> {
    const places = samplePlaces(durationSeconds);
    const bytes = plan.rungs.map(() => SAMPLE_CRFS.map(() => 0));
    const printed = plan.rungs.map(() => '');
    let sampledSeconds = 0;
    for (const [index, sample] of places.entries()) {
      const args = planSample(absolute, sample, plan, video, job.workDir, this.settings.threads);
      job.log(`$ ${quoteCommand(this.ffmpeg.argv(args))}`);
      const share = shareOf(job, (100 * index) / places.length, (100 * (index + 1)) / places.length);
      const { frames } = await this.ffmpeg.run(args, {
        signal: job.signal,
        pause: job.pause,
        durationSeconds: sample.seconds,
        onProgress: reportProgress({ ...share, log: () => undefined }, 'samples'),
        readPipes: printed.map((_, at) =>
          readText((text) => {
            printed[at] = (printed[at] ?? '') + text;
          }),
        ),
      });
      sampledSeconds += frames / plan.fps;
      await this.addSizes(bytes, plan, job.workDir);
    }
    const seconds = Math.max(sampledSeconds, 1 / plan.fps);
    const sampled = bytes.map((sizes, at) => ({
      kbps: sizes.map((size) => (size * 8) / 1000 / seconds),
      detail: readDetail(printed[at] ?? ''),
    }));
    const { rungs, probed } = chooseByTitle(plan, sampled);
    for (const rung of probed) job.log(describeProbed(rung));
    return {
      ladder: { ...plan, rungs },
      perTitle: { sampledSeconds: Number(sampledSeconds.toFixed(3)), places: places.length, rungs: probed },
    };
  }

  private async addSizes(bytes: number[][], { rungs }: LadderPlan, folder: string): Promise<void> {
    for (const [index, { name }] of rungs.entries()) {
      for (const [at, crf] of SAMPLE_CRFS.entries()) {
        const { size } = await stat(join(folder, sampleFile(name, crf)));
        const row = bytes[index] ?? [];
        row[at] = (row[at] ?? 0) + size;
      }
    }
  }
}

const mutable = (rung: ProbedRung) => ({ ...rung, measured: rung.measured.map((each) => ({ ...each })) });

const describeProbed = ({ name, detail, kept, reason }: ProbedRung): string => {
  const shows = detail === null ? '' : ` can show SSIM ${String(detail.ssim)}, PSNR ${String(detail.psnr)} dB:`;
  return `${name}${shows} ${kept ? 'kept' : 'left out'}, ${reason}`;
};
