import { availableParallelism } from 'node:os';
import { accessOf, type ExtraAccess } from './access.js';
import { linkedController, runChild } from './child.js';
import { MediaError } from './errors.js';
import { DiskWatch, requireRoom } from './disk-watch.js';
import { diskWasFull, failureError, inputIsDamaged, StderrTail, type Spent } from './failure.js';
import { ffmpegArgv } from './input.js';
import { launchArgv } from './launch.js';
import type { Limits } from './limits.js';
import type { RunControl } from './pause.js';
import { PipeReaders, type ReadPipe } from './pipe-reader.js';
import { ProgressReader, type EncodeProgress } from './progress.js';
import { StallWatch } from './stall-watch.js';
import type { MediaTools } from './tools.js';

/** Without progress for this long, an ffmpeg is taken for hung. */
const DEFAULT_STALL_TIMEOUT_MS = 120_000;

export interface RunOptions extends RunControl, ExtraAccess {
  /** About how much is written, as `expectedBytes` tells; left out, only the reserve must be free. */
  readonly expectedBytes?: number;
  /** Of what will be written, for percent and time left; null when it is not known. */
  readonly durationSeconds: number | null;
  readonly onProgress?: (progress: EncodeProgress) => void;
  /** Milliseconds without progress after which ffmpeg is ended, pauses not counted; two minutes by default. */
  readonly stallTimeoutMs?: number;
  /** -20 (first) to 19 (last); left out, the worker's own. */
  readonly niceness?: number;
  /**
   * Each reads what ffmpeg writes to one further output, `pipeOutput` of its place, as it comes; ffmpeg waits
   * while it does not read, for no longer than the stall timeout. What it throws ends ffmpeg, and is thrown.
   */
  readonly readPipes?: readonly ReadPipe[];
}

/** What a run that ended well left behind. Only a look at its output tells whether it did its work. */
export interface RunResult {
  /** The last lines that ffmpeg complained with; it may do so and end with exit code 0. */
  readonly stderr: readonly string[];
  /** How many such lines there were in all. */
  readonly complaints: number;
  /** Seconds of media written. */
  readonly mediaSeconds: number;
  /** Pictures written; 0 where there was no picture to write. */
  readonly frames: number;
}

/** Runs ffmpeg. What to run is decided elsewhere, by pure functions that give an argv. */
export class Ffmpeg {
  /** @param threads of each decoder and of the filters; as many as ffmpeg likes when left out */
  constructor(
    readonly tools: MediaTools,
    readonly threads: number | null = null,
  ) {}

  /** The whole argv of a run, for display and for `run`. */
  argv(args: readonly string[]): string[] {
    return ffmpegArgv(this.tools.ffmpeg, args, this.threads);
  }

  /**
   * Runs ffmpeg and waits until it is gone.
   * @param args from the first input's options to the output's name
   * @throws {MediaError} INPUT_UNREADABLE, DISK_FULL, OUT_OF_MEMORY, TOO_LARGE, CPU_TIME_EXCEEDED,
   * ENCODER_STALLED, FEATURE_MISSING, ENCODER_CRASHED
   * @throws the signal's reason after an abort
   */
  async run(args: readonly string[], options: RunOptions): Promise<RunResult> {
    const { signal, pause, durationSeconds, stallTimeoutMs = DEFAULT_STALL_TIMEOUT_MS } = options;
    const { launch, reserveBytes } = this.tools;
    const access = accessOf(args, launch.libraryRoots, options);
    await requireRoom(access.writes, options.expectedBytes ?? 0, reserveBytes);
    const progress = new ProgressReader(durationSeconds);
    const stderr = new StderrTail();
    const { controller, unlink } = linkedController(signal);
    const end = (): void => {
      controller.abort();
    };
    const disk = new DiskWatch(access.writes, reserveBytes, end);
    const watch = new StallWatch(stallTimeoutMs, end);
    const readers = new PipeReaders(options.readPipes ?? [], end);
    const unsubscribe = pause?.onChange(() => {
      if (pause.paused) watch.hold();
      else watch.resume();
    });
    const startedAt = performance.now();
    try {
      const exit = await runChild(launchArgv(launch, this.argv(args), access), {
        env: launch.env,
        signal: controller.signal,
        pause,
        niceness: options.niceness,
        onPipes: readers.start,
        onSpawn: (pid) => {
          watch.start(pid);
        },
        onStdout: (text) => {
          for (const update of progress.read(text)) {
            watch.noteProgress();
            options.onProgress?.(update);
          }
        },
        onStderr: (text) => {
          stderr.write(text);
        },
      });
      await readers.ended();
      signal.throwIfAborted();
      const lines = stderr.lines();
      if (disk.fault !== null && exit.code !== 0) throw disk.fault;
      if (watch.stalled) throw stallError(stallTimeoutMs, lines);
      if (exit.code !== 0 || diskWasFull(lines)) {
        throw failureError('ffmpeg', exit, lines, spentSince(startedAt, launch.limits));
      }
      return {
        stderr: lines,
        complaints: stderr.total,
        mediaSeconds: progress.writtenSeconds,
        frames: progress.writtenFrames,
      };
    } finally {
      unsubscribe?.();
      watch.stop();
      disk.stop();
      unlink();
    }
  }
}

/** ffmpeg uses every core at most; pauses count as well, which does no harm. */
const spentSince = (startedAt: number, limits: Limits): Spent => ({
  limits,
  cpuSeconds: ((performance.now() - startedAt) / 1000) * availableParallelism(),
});

/** Some of its filters wait for ever for pictures that damage took: that would be so with every retry. */
function stallError(timeoutMs: number, stderr: readonly string[]): MediaError {
  const facts = { stallTimeoutMs: timeoutMs, stderr };
  const words = `ffmpeg made no progress for ${String(timeoutMs / 1000)} s and was ended`;
  return inputIsDamaged(stderr)
    ? new MediaError('INPUT_UNREADABLE', `the input is damaged: ${words}`, { facts })
    : new MediaError('ENCODER_STALLED', words, { facts });
}
