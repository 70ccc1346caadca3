import type { scan } from '@reelay/contracts';
import type { JobContext } from '@reelay/worker-sdk';
import type { z } from 'zod';

/** Most lines of one kind that the log gets; the result has the whole counts. */
const LINES_MAX = 50;

/** Counts what a scan finds, and tells an operator of what is not as usual. */
export class ScanReport {
  found = 0;
  added = 0;
  changed = 0;
  unchanged = 0;
  probes = 0;
  private counts = { moved: 0, missing: 0, unreadable: 0, skipped: 0 };

  constructor(
    private readonly folder: string,
    private readonly job: Pick<JobContext, 'log'>,
  ) {}

  /** What has to be looked into is known now. */
  compared(doubts: number, gone: number): void {
    this.job.log(
      `${this.folder}: ${String(this.found)} files, ${String(doubts)} to look into, ${String(gone)} are not where they were`,
    );
  }

  skipped(path: string, reason: string): void {
    this.tell('skipped', `passed over ${JSON.stringify(path)}: ${reason}`);
  }

  unreadable(path: string, reason: string): void {
    this.tell('unreadable', `no readable video: ${path}: ${reason}`);
  }

  moved(from: string, to: string): void {
    this.tell('moved', `moved: ${from} is now ${to}`);
  }

  missing(paths: readonly string[]): void {
    for (const path of paths) this.tell('missing', `missing: ${path}`);
  }

  /** The figures, which the log gets as well. */
  result(): z.output<(typeof scan)['result']> {
    const { folder, found, added, changed, unchanged, probes, counts } = this;
    const figures = { added, changed, ...counts, unchanged, probes };
    this.job.log(
      Object.entries(figures)
        .map(([name, count]) => `${String(count)} ${name}`)
        .join(', '),
    );
    return { folder, found, ...figures };
  }

  private tell(kind: keyof ScanReport['counts'], line: string): void {
    this.counts[kind]++;
    if (this.counts[kind] <= LINES_MAX) this.job.log(line);
    else if (this.counts[kind] === LINES_MAX + 1) this.job.log(`... further ${kind} files are counted only`);
  }
}
