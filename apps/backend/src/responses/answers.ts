import { Inject, Injectable } from '@nestjs/common';
import { Batch } from '@reelay/messaging';
import { isTransientStoreError } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { LOGGER } from '../logging.js';

/** Most answers that are applied in one statement. */
export const ANSWER_BATCH = 2_000;

/** Makes the batches in which messages are applied to the database. */
@Injectable()
export class Batches {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** A batch that is applied again for as long as the database is away: its messages stay unacknowledged. */
  of<T>(apply: (items: readonly T[]) => Promise<void>): Batch<T> {
    return new Batch({ maxSize: ANSWER_BATCH, apply, isTransient: isTransientStoreError, logger: this.logger });
  }
}

/** The first about each attempt: what comes later about it in one batch is a duplicate. */
export function firstOfEachAttempt<T extends { readonly attemptId: number }>(items: readonly T[]): T[] {
  const seen = new Map<number, T>();
  for (const item of items) if (!seen.has(item.attemptId)) seen.set(item.attemptId, item);
  return [...seen.values()];
}
