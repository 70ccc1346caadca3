import type { LogMessage } from '@reelay/contracts';
import { logAnswer, progressionAnswer, type AnswerIdentity } from './answers.js';
import type { Outbox } from './outbox.js';
import type { ProgressUpdate } from './processor.js';

/** At most one progression a second: more would tell a person nothing. */
const PROGRESS_INTERVAL_MS = 1_000;
/** Log lines are sent together, this often at the latest. */
const LOG_INTERVAL_MS = 1_000;
const LOG_BATCH_MAX = 200;

/** Sends an attempt's progress and log, throttled and in order. */
export class JobReporter {
  private seq = 0;
  private sent = 0;
  private sentPhase: string | undefined;
  private nextAt = 0;
  private pending: ProgressUpdate | null = null;
  private progressTimer: NodeJS.Timeout | undefined;
  private lines: LogMessage['lines'] = [];
  private logTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly identity: AnswerIdentity,
    private readonly outbox: Pick<Outbox, 'send'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** The next sequence number; rises with every answer about the attempt. */
  nextSeq(): number {
    return ++this.seq;
  }

  /** Percent never falls, and stays where it is unknown; the same whole percent in the same phase is not sent twice. */
  progress(update: ProgressUpdate): void {
    const known = Number.isNaN(update.percent) ? this.sent : Math.floor(update.percent);
    const percent = Math.max(this.sent, Math.min(100, known));
    if (percent === this.sent && update.phase === this.sentPhase) return;
    this.pending = { ...update, percent };
    const wait = this.nextAt - this.now();
    if (wait <= 0) this.sendProgress();
    else
      this.progressTimer ??= setTimeout(() => {
        this.sendProgress();
      }, wait);
  }

  log(line: string): void {
    for (const part of line.split(/\r?\n/)) this.lines.push({ at: new Date(this.now()).toISOString(), line: part });
    if (this.lines.length >= LOG_BATCH_MAX) this.sendLog();
    else
      this.logTimer ??= setTimeout(() => {
        this.sendLog();
      }, LOG_INTERVAL_MS);
  }

  /** Sends what waits of the log; progress that waits is overtaken by the final answer. */
  finish(): void {
    clearTimeout(this.progressTimer);
    this.sendLog();
  }

  /** Forgets what waits: the attempt is not this worker's, so nothing may be said of it. */
  discard(): void {
    clearTimeout(this.progressTimer);
    clearTimeout(this.logTimer);
    this.lines = [];
  }

  private sendProgress(): void {
    clearTimeout(this.progressTimer);
    this.progressTimer = undefined;
    const update = this.pending;
    if (!update) return;
    this.pending = null;
    this.sent = update.percent;
    this.sentPhase = update.phase;
    this.nextAt = this.now() + PROGRESS_INTERVAL_MS;
    this.outbox.send(progressionAnswer(this.identity, this.nextSeq(), update, new Date(this.now())), {
      replaceKey: `progression ${String(this.identity.attemptId)}`,
    });
  }

  private sendLog(): void {
    clearTimeout(this.logTimer);
    this.logTimer = undefined;
    const lines = this.lines.splice(0);
    if (lines.length > 0) this.outbox.send(logAnswer(this.identity, lines), { droppable: true });
  }
}
