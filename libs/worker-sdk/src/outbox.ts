import type { OutgoingMessage, PublishOutcome } from '@reelay/messaging';
import type { Logger } from '@reelay/platform';

/** What the outbox sends through. */
export interface AnswerPublisher {
  publish(message: OutgoingMessage): Promise<PublishOutcome>;
  whenReady(): Promise<void>;
}

interface Entry {
  readonly message: OutgoingMessage;
  /** A later entry of the same key replaces this one while it waits. */
  readonly replaceKey: string | null;
  /** May be dropped when too much waits: log lines. Final answers never are. */
  readonly droppable: boolean;
  readonly onConfirmed: (() => void) | null;
}

/** Most entries that wait while the broker is away before log lines are dropped. */
const WAITING_MAX = 10_000;
/** Most messages that are published before their confirms are awaited. */
const BATCH_MAX = 500;
const RETRY_MS = 500;

/**
 * Keeps a worker's answers in order until the broker has confirmed them, through outages. Sending one
 * twice is harmless: the backend knows late and duplicate answers.
 */
export class Outbox {
  private waiting: Entry[] = [];
  private sending: Promise<void> | null = null;

  constructor(
    private readonly publisher: AnswerPublisher,
    private readonly logger: Logger,
  ) {}

  /** Takes a message and returns at once. */
  send(message: OutgoingMessage, options: { replaceKey?: string; droppable?: boolean } = {}): void {
    const { replaceKey = null, droppable = false } = options;
    this.enqueue({ message, replaceKey, droppable, onConfirmed: null });
  }

  /** Takes a message, which is never dropped, and waits until the broker has it. */
  deliver(message: OutgoingMessage): Promise<void> {
    return new Promise((onConfirmed) => {
      this.enqueue({ message, replaceKey: null, droppable: false, onConfirmed });
    });
  }

  /** Waits until everything was confirmed. */
  async drained(): Promise<void> {
    while (this.sending) await this.sending;
  }

  private enqueue(entry: Entry): void {
    const { replaceKey } = entry;
    const replaced = replaceKey === null ? -1 : this.waiting.findLastIndex((other) => other.replaceKey === replaceKey);
    if (replaced >= 0) this.waiting[replaced] = entry;
    else this.waiting.push(entry);
    if (this.waiting.length > WAITING_MAX) this.dropOne();
    this.sending ??= this.work();
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.publisher.whenReady();
      const batch = this.waiting.splice(0, BATCH_MAX);
      const outcomes = await Promise.allSettled(batch.map(({ message }) => this.publisher.publish(message)));
      const failed = batch.filter((_, index) => outcomes[index]?.status === 'rejected');
      for (const [index, { onConfirmed }] of batch.entries()) {
        if (outcomes[index]?.status === 'fulfilled') onConfirmed?.();
      }
      if (failed.length === 0) continue;
      this.waiting.unshift(...failed);
      this.logger.warn({ answers: failed.length }, 'answers were not confirmed; they are sent again');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    // In the same turn as the look at what waits: a message sent later than that starts anew.
    this.sending = null;
  }

  private dropOne(): void {
    const index = this.waiting.findIndex(({ droppable }) => droppable);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}
