import type { ProgressSink } from './progress.js';

/**
 * The part of a job's progress that one pass of several fills: the pass counts from 0 to 100, the job gets
 * `from` to `to`. A pass cannot know how long the others take, so the time left is not told.
 */
export function shareOf(sink: ProgressSink, from: number, to: number): ProgressSink {
  return {
    progress({ percent, phase, fps, speed }) {
      sink.progress({ percent: from + ((to - from) * percent) / 100, phase, fps, speed });
    },
    log(line) {
      sink.log(line);
    },
  };
}
