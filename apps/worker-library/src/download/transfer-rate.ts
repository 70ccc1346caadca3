import { describeSize, type ProgressSink } from '@reelay/media';

/** Percents at which the job's log gets a line. */
const LOGGED_PERCENTS = [25, 50, 75];

/** Tells how far a transfer is, how quick, and when it will end. */
export class TransferRate {
  private startedAt = 0;
  private from = 0;
  private totalBytes: number | null = null;
  private logged = 0;

  /** @param now in ms */
  constructor(
    private readonly sink: ProgressSink,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A connection begins to bring bytes, from this one on. */
  start(from: number, totalBytes: number | null): void {
    this.startedAt = this.now();
    this.from = from;
    this.totalBytes = totalBytes;
  }

  /** So much of the file is there now. */
  note(bytes: number): void {
    const seconds = (this.now() - this.startedAt) / 1000;
    const perSecond = seconds > 0 ? (bytes - this.from) / seconds : null;
    const percent = this.totalBytes === null ? 0 : Math.min(100, (bytes / Math.max(1, this.totalBytes)) * 100);
    this.sink.progress({
      phase: 'download',
      percent,
      ...(perSecond === null ? {} : { speed: Number((perSecond / 1_000_000).toPrecision(3)) }),
      ...(perSecond === null || perSecond === 0 || this.totalBytes === null
        ? {}
        : { etaSeconds: Math.ceil((this.totalBytes - bytes) / perSecond) }),
    });
    const step = LOGGED_PERCENTS.findLast((each) => each <= percent) ?? 0;
    if (step <= this.logged) return;
    this.logged = step;
    const pace = perSecond === null ? '' : ` at ${describeSize(perSecond)}/s`;
    this.sink.log(`download: ${String(step)} %${pace}`);
  }
}
