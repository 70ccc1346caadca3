import { guardedInput, PIPE_OUTPUT } from '@reelay/media';
import { letterboxFilters, type Letterbox } from '../vision/letterbox.js';

/**
 * From this many seconds between two pictures on, each is sought on its own. To start ffmpeg and to decode from the key
 * picture before takes about as long as to decode this much of a film.
 */
const SEEK_FROM_STEP_SECONDS = 10;

/** One run of ffmpeg, and when the pictures are shown that come out of it, in seconds. */
export interface SamplingRun {
  readonly args: string[];
  readonly times: readonly number[];
}

/** How the pictures of a film are taken. */
export interface SamplingPlan {
  readonly stepSeconds: number;
  /** Of all runs together; fewer come where the film is shorter than it says. */
  readonly frames: number;
  readonly runs: readonly SamplingRun[];
}

/** What decides which pictures are taken. */
export interface SamplingRequest {
  /** Null where nothing says so. */
  readonly durationSeconds: number | null;
  readonly everySeconds: number;
  readonly maxFrames: number;
}

/**
 * The seconds at which pictures are taken: in the middle of each step, so that they lie evenly over the
 * film and none falls on its very end.
 */
export function samplingTimes({ durationSeconds, everySeconds, maxFrames }: SamplingRequest): {
  stepSeconds: number;
  times: number[];
} {
  const length = durationSeconds ?? everySeconds * maxFrames;
  const shortest = Math.max(Math.min(everySeconds, length), length / maxFrames);
  const stepSeconds = Math.max(0.001, toMilliseconds(shortest, Math.floor));
  const count = Math.max(1, Math.min(maxFrames, Math.round(length / stepSeconds)));
  return {
    stepSeconds,
    times: Array.from({ length: count }, (_, index) => toMilliseconds((index + 0.5) * stepSeconds)),
  };
}

/** The runs that take the pictures of a film: one that decodes it all, or one for each where they lie far apart. */
export function planSampling(input: string, request: SamplingRequest, box: Letterbox): SamplingPlan {
  const { stepSeconds, times } = samplingTimes(request);
  const runs =
    stepSeconds < SEEK_FROM_STEP_SECONDS
      ? [{ args: planDecode(input, stepSeconds, times.length, box), times }]
      : times.map((seconds) => ({ args: planSeek(input, seconds, box), times: [seconds] }));
  return { stepSeconds, frames: times.length, runs };
}

/**
 * By its rounding, the filter `fps` gives what is shown in the middle of each step; also where frames come unevenly, or
 * there is but one.
 */
function planDecode(input: string, stepSeconds: number, frames: number, box: Letterbox): string[] {
  const steps = `fps=fps=1/${String(stepSeconds)}:start_time=0:round=near:eof_action=pass`;
  return [...guardedInput(input), '-map', '0:V:0', ...toPipe(`${steps},${letterboxFilters(box)}`, frames)];
}

function planSeek(input: string, seconds: number, box: Letterbox): string[] {
  return ['-ss', seconds.toFixed(3), ...guardedInput(input), '-map', '0:V:0', ...toPipe(letterboxFilters(box), 1)];
}

const toPipe = (filters: string, frames: number): string[] => [
  ...['-vf', filters, '-fps_mode', 'passthrough', '-frames:v', String(frames)],
  ...['-c:v', 'rawvideo', '-f', 'rawvideo', PIPE_OUTPUT],
];

const toMilliseconds = (seconds: number, round = Math.round): number => round(seconds * 1000) / 1000;
