import { quoteCommand, type Ffmpeg, type RunOptions, type RunResult } from '@reelay/media';
import type { JobContext } from '@reelay/worker-sdk';

/** Runs one command, with its line in the job's log. */
export async function runLogged(
  ffmpeg: Ffmpeg,
  args: readonly string[],
  job: JobContext,
  options: Pick<RunOptions, 'durationSeconds' | 'onProgress'> = { durationSeconds: null },
): Promise<RunResult> {
  job.log(`$ ${quoteCommand(ffmpeg.argv(args))}`);
  return ffmpeg.run(args, { ...options, signal: job.signal, pause: job.pause });
}
