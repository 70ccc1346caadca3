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

/** The first of each key: what comes later about the same attempt in one batch is a duplicate. */
export function firstOf<T, K>(items: readonly T[], key: (item: T) => K): T[] {
  const seen = new Map<K, T>();
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}
