import { guardedInput, uprightSize, type MediaInfo, type VideoStreamInfo } from '@reelay/media';
import { z } from 'zod';

/** Stands for frames that are the same, whose PSNR is infinite. */
const SAME_PSNR = 100;

/** The rate at which frames are compared whose own is not known. */
const DEFAULT_FPS = 25;

/** How much two durations may differ: the ends of picture and sound, as in the check of an output. */
const DURATION_TOLERANCE_SECONDS = 0.2;
const DURATION_TOLERANCE_SHARE = 0.01;

/** What is compared. */
export interface ComparisonInput {
  readonly inputPath: string;
  readonly referencePath: string;
  readonly reference: VideoStreamInfo;
  /** Null for every frame. */
  readonly everySeconds: number | null;
  /** Where the figures of SSIM and PSNR go. */
  readonly logPath: string;
  /** Where those of VMAF go; null without it. */
  readonly vmafPath: string | null;
}

/**
 * The argv that writes the figures of each pair of frames. Both are brought to the rate of the reference first, so that
 * frames of the same time meet, and then the same ones of both are taken.
 */
export function planComparison({
  inputPath,
  referencePath,
  reference,
  everySeconds,
  logPath,
  vmafPath,
}: ComparisonInput): string[] {
  const { width, height } = uprightSize(reference);
  const fps = reference.fps ?? DEFAULT_FPS;
  const step = everySeconds === null ? 1 : Math.max(1, Math.round(everySeconds * fps));
  const common = [
    'setpts=PTS-STARTPTS',
    `fps=${String(fps)}`,
    ...(step === 1 ? [] : [`select=not(mod(n\\,${String(step)}))`]),
    `scale=${String(width)}:${String(height)}:flags=bicubic`,
    'setsar=1',
    'format=yuv420p',
  ].join(',');
  const measures = [
    `ssim=${PAIRED}`,
    `psnr=${PAIRED}`,
    ...(vmafPath === null ? [] : [`libvmaf=${PAIRED}:log_fmt=json:log_path=${quoted(vmafPath)}`]),
  ];
  const chain = measures.map(
    (measure, index) => `[m${String(index)}][r${String(index)}]${measure}[m${String(index + 1)}]`,
  );
  const copies = measures.map((_, index) => `[r${String(index)}]`).join('');
  const graph = [
    `[0:V:0]${common}[m0]`,
    `[1:V:0]${common},split=${String(measures.length)}${copies}`,
    ...chain,
    `[m${String(measures.length)}]metadata=mode=print:file=${quoted(logPath)}[out]`,
  ].join(';');
  return [
    ...guardedInput(inputPath),
    ...guardedInput(referencePath),
    ...['-filter_complex', graph, '-map', '[out]', '-fps_mode', 'passthrough', '-f', 'null', '-'],
  ];
}

/** Only frames that both have are compared. */
const PAIRED = 'shortest=1:repeatlast=0';

/** A path as the value of a filter's option, inside a graph of filters: each of the two takes escapes of its own. */
const quoted = (path: string): string => path.replaceAll(/[\\':]/g, '\\$&').replaceAll(/[\\'[\],;]/g, '\\$&');

/** The figures of one measure. */
interface Figures {
  readonly mean: number;
  readonly min: number;
  readonly perSecondMin: number[];
}

/** What a comparison showed. */
export interface Comparison {
  readonly frames: number;
  readonly comparedSeconds: number;
  readonly ssim: Figures;
  readonly psnr: Figures;
  readonly vmaf: Figures | null;
}

/** Gathers one measure frame by frame. */
class Gatherer {
  private sum = 0;
  private count = 0;
  private least = Infinity;
  private readonly bySecond: number[] = [];

  note(value: number, seconds: number): void {
    this.sum += value;
    this.count += 1;
    this.least = Math.min(this.least, value);
    // A second without a frame of its own is as bad as the one before it.
    const second = Math.max(0, Math.floor(seconds + 1e-6));
    while (this.bySecond.length < second) this.bySecond.push(this.bySecond.at(-1) ?? value);
    this.bySecond[second] = Math.min(this.bySecond[second] ?? Infinity, value);
  }

  figures(): Figures | null {
    if (this.count === 0) return null;
    return { mean: rounded(this.sum / this.count), min: rounded(this.least), perSecondMin: this.bySecond.map(rounded) };
  }
}

const rounded = (value: number): number => Number(value.toFixed(4));

/** What is read of libvmaf's log. */
const vmafLog = z.object({ frames: z.array(z.object({ metrics: z.object({ vmaf: z.number() }) })) });

/** Reads the log of a comparison, line by line. */
export class ComparisonReader {
  private readonly ssim = new Gatherer();
  private readonly psnr = new Gatherer();
  private readonly vmaf = new Gatherer();
  /** Of each frame. */
  private readonly seconds: number[] = [];

  line(text: string): void {
    const time = /^frame:\s*\d+\s+pts:\s*\S+\s+pts_time:\s*(-?[\d.]+)/.exec(text)?.[1];
    if (time !== undefined) {
      this.seconds.push(Number(time));
      return;
    }
    const now = this.seconds.at(-1) ?? 0;
    const [, key, value = ''] = /^lavfi\.([\w.]+)=(.+)$/.exec(text) ?? [];
    if (key === 'ssim.All') this.ssim.note(Number(value), now);
    else if (key === 'psnr.psnr_avg') this.psnr.note(decibels(value), now);
  }

  /** Reads the log that libvmaf writes, after all the lines. */
  readVmaf(json: string): void {
    for (const [index, frame] of vmafLog.parse(JSON.parse(json)).frames.entries()) {
      this.vmaf.note(frame.metrics.vmaf, this.seconds[index] ?? 0);
    }
  }

  /** Null when no frames were compared. */
  result(): Comparison | null {
    const ssim = this.ssim.figures();
    const psnr = this.psnr.figures();
    if (ssim === null || psnr === null) return null;
    const comparedSeconds = rounded(this.seconds.at(-1) ?? 0);
    return { frames: this.seconds.length, comparedSeconds, ssim, psnr, vmaf: this.vmaf.figures() };
  }
}

const decibels = (text: string): number => (text === 'inf' ? SAME_PSNR : Math.min(SAME_PSNR, Number(text)));

/** What is wrong with a video, against what was asked for; null when it is good enough. */
export function qualityFault(
  { ssim, psnr }: Pick<Comparison, 'ssim' | 'psnr'>,
  { minSsim, minPsnr }: { minSsim?: number | undefined; minPsnr?: number | undefined },
): string | null {
  if (minSsim !== undefined && ssim.mean < minSsim) {
    return `its SSIM is ${String(ssim.mean)}, and ${String(minSsim)} is asked for`;
  }
  if (minPsnr !== undefined && psnr.mean < minPsnr) {
    return `its PSNR is ${String(psnr.mean)} dB, and ${String(minPsnr)} dB is asked for`;
  }
  return null;
}

/** Whether two videos last so differently that they cannot be of the same film; null when they do not. */
export function durationFault(input: MediaInfo, reference: MediaInfo): string | null {
  const [one, other] = [input.durationSeconds, reference.durationSeconds];
  if (one === null || other === null) return null;
  const tolerance = Math.max(DURATION_TOLERANCE_SECONDS, other * DURATION_TOLERANCE_SHARE);
  return Math.abs(one - other) <= tolerance
    ? null
    : `it lasts ${one.toFixed(2)} s, and its reference ${other.toFixed(2)} s`;
}
