import { lufsOf, MEASURE_SECONDS, SILENCE_LUFS, type Analysis } from './measure-reader.js';

/** Change below this is that of noise and compression, in percent a second: a film that has no more stands still. */
const LEAST_MOTION = 5;

/** How far below the loudest half second sound counts for nothing, in dB. */
const LOUDNESS_RANGE_DB = 30;

/** A film that is nowhere louder than this is silent, in LUFS. */
const SILENT_LUFS = -60;

/** How much of the score is motion; the rest is loudness. Without sound all of it is. */
const MOTION_SHARE = 0.6;

/** What makes a part of a film worth showing. */
export interface PartMeasures {
  /** 0 to 1. */
  readonly score: number;
  /** 0 to 1, beside the liveliest half second of the film. */
  readonly motion: number;
  /** In LUFS; null where the film has no sound. */
  readonly loudness: number | null;
}

/** How lively each part of a film is, beside the rest of it. */
export class Liveliness {
  private readonly motion: Sums;
  private readonly loud: Sums | null;
  private readonly energy: Sums | null;

  constructor({ motion, loudness }: Pick<Analysis, 'motion' | 'loudness'>) {
    const most = motion.reduce((a, b) => Math.max(a, b), LEAST_MOTION);
    // The root keeps one violent second from making all others look alike.
    this.motion = new Sums(motion.map((change) => Math.sqrt(change / most)));
    this.energy = loudness && new Sums(loudness.map((lufs) => (lufs > SILENCE_LUFS ? 10 ** (lufs / 10) : 0)));
    const loudest = loudness?.reduce((a, b) => Math.max(a, b), SILENCE_LUFS) ?? SILENCE_LUFS;
    const share = (lufs: number): number => Math.max(0, 1 - (loudest - lufs) / LOUDNESS_RANGE_DB);
    this.loud = loudness && loudest > SILENT_LUFS ? new Sums(loudness.map(share)) : null;
  }

  /** @param start in seconds; @param end in seconds, later than start */
  of(start: number, end: number): PartMeasures {
    const motion = this.motion.mean(start, end);
    const loud = this.loud?.mean(start, end) ?? motion;
    const energy = this.energy?.mean(start, end);
    return {
      score: rounded(MOTION_SHARE * motion + (1 - MOTION_SHARE) * loud),
      motion: rounded(motion),
      loudness: energy === undefined ? null : lufsOf(energy),
    };
  }
}

/** Running sums, which give the mean of any stretch at once. */
class Sums {
  private readonly sums: Float64Array;

  constructor(values: readonly number[]) {
    this.sums = new Float64Array(values.length + 1);
    for (const [index, value] of values.entries()) this.sums[index + 1] = (this.sums[index] ?? 0) + value;
  }

  mean(start: number, end: number): number {
    return (this.until(end) - this.until(start)) / ((end - start) / MEASURE_SECONDS);
  }

  private until(seconds: number): number {
    const last = this.sums.length - 1;
    const at = Math.min(last, seconds / MEASURE_SECONDS);
    const whole = Math.floor(at);
    const before = this.sums[whole] ?? 0;
    return before + (at - whole) * ((this.sums[Math.min(last, whole + 1)] ?? 0) - before);
  }
}

/** Coarse enough that parts which are alike are equal. */
const rounded = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
