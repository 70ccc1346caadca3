import { accessOf } from './access.js';
import { capture } from './child.js';
import { MediaError } from './errors.js';
import { failureError, lastWords, StderrTail } from './failure.js';
import { launchArgv } from './launch.js';
import type { RunControl } from './pause.js';
import type { MediaTools } from './tools.js';

/** ffprobe reads the first megabytes of a file for its headers; a disk that needs longer for that hangs. */
const HEADER_TIMEOUT_MS = 60_000;

/** Characters of a header's description that are read. */
const HEADER_CHARS = 4_000_000;

export interface AskOptions extends RunControl {
  /** A minute by default, pauses not counted. */
  readonly timeoutMs?: number;
  readonly maxChars?: number;
  /** Folders that a playlist or manifest leads to. */
  readonly reads?: readonly string[];
}

/** What ffprobe answered. */
export interface FfprobeAnswer {
  readonly stdout: string;
  /** The last lines of what it complained of. */
  readonly stderr: readonly string[];
}

/**
 * Asks ffprobe.
 * @param args what is asked, then the input with its guards
 * @throws {MediaError} INPUT_UNREADABLE with ffprobe's words, ENCODER_STALLED, ENCODER_CRASHED, FEATURE_MISSING
 * @throws the signal's reason after an abort
 */
export async function askFfprobe(
  tools: MediaTools,
  args: readonly string[],
  { signal, pause, timeoutMs = HEADER_TIMEOUT_MS, maxChars = HEADER_CHARS, reads }: AskOptions,
): Promise<FfprobeAnswer> {
  const { launch } = tools;
  const command = [tools.ffprobe, '-hide_banner', '-loglevel', 'error', ...args];
  const argv = launchArgv(launch, command, accessOf(args, launch.libraryRoots, { reads }));
  const answer = await capture(argv, { env: launch.env, signal, pause, timeoutMs, maxChars });
  signal.throwIfAborted();
  if (answer.timedOut) {
    throw new MediaError('ENCODER_STALLED', `ffprobe gave no answer within ${String(timeoutMs / 1000)} s`);
  }
  const tail = new StderrTail();
  tail.write(answer.stderr);
  const stderr = tail.lines();
  if (answer.signal !== null) throw failureError('ffprobe', answer, stderr, { limits: launch.limits, cpuSeconds: 0 });
  if (answer.code !== 0) {
    throw unreadable(lastWords(stderr) ?? `ffprobe ended with exit code ${String(answer.code)}`, stderr);
  }
  return { stdout: answer.stdout, stderr };
}

/** The error for a file that ffprobe makes nothing of. */
export const unreadable = (words: string, stderr: readonly string[]): MediaError =>
  new MediaError('INPUT_UNREADABLE', `the file cannot be read: ${words}`, { facts: { stderr } });
