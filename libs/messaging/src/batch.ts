import type { Logger } from '@reelay/platform';
import { UnreadableMessageError } from './errors.js';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;

export interface BatchOptions<T> {
  /** Most items that are applied together. */
  readonly maxSize: number;
  /** Applies all of them or none; running it again for the same items must change nothing. */
  readonly apply: (items: readonly T[]) => Promise<void>;
  /** Whether an error will pass by itself (the store is away), so that the batch is applied again. */
  readonly isTransient: (error: unknown) => boolean;
  readonly logger: Logger;
}

interface Entry<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Collects what arrives while the last batch is applied, and applies it together. An item's promise
 * settles when the batch that holds it is committed.
 */
export class Batch<T> {
  private entries: Entry<T>[] = [];
  private working = false;

  constructor(private readonly options: BatchOptions<T>) {}

  /**
   * Adds an item.
   * @throws {UnreadableMessageError} when the store refuses this very item, whatever it is batched with
   */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.entries.push({ item, resolve, reject });
      if (this.working) return;
      this.working = true;
      // One turn of the loop, so that the messages of one socket read are applied together.
      setImmediate(() => void this.work());
    });
  }

  private async work(): Promise<void> {
    while (this.entries.length > 0) {
      const entries = this.entries.splice(0, this.options.maxSize);
      await this.applyOrSplit(entries);
    }
    this.working = false;
  }

  private async applyOrSplit(entries: readonly Entry<T>[]): Promise<void> {
    try {
      await this.applyUntilThere(entries.map(({ item }) => item));
      for (const { resolve } of entries) resolve();
    } catch (error) {
      if (entries.length > 1) {
        for (const entry of entries) await this.applyOrSplit([entry]);
      } else {
        const reason = error instanceof Error ? error.message : String(error);
        entries[0]?.reject(new UnreadableMessageError(`refused by the store: ${reason}`, { cause: error }));
      }
    }
  }

  private async applyUntilThere(items: readonly T[]): Promise<void> {
    for (let delay = FIRST_RETRY_MS; ; delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
      try {
        await this.options.apply(items);
        return;
      } catch (error) {
        if (!this.options.isTransient(error)) throw error;
        this.options.logger.warn({ err: error, items: items.length, retryInMs: delay }, 'cannot apply messages now');
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }
}
