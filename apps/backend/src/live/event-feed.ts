import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { jobEvent, workflowEvent } from '@reelay/contracts';
import type { Logger } from '@reelay/platform';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { Broker } from '../broker/broker.js';
import { LOGGER } from '../logging.js';
import { KeptFeed, type FeedEvent } from './kept-feed.js';

/** A change of a job or of a workflow. */
const change = z.union([
  workflowEvent.transform((event) => ({ kind: 'workflow' as const, event })),
  jobEvent.transform((event) => ({ kind: 'job' as const, event })),
]);
export type Change = z.output<typeof change>;

/** The changes of jobs and of workflows that were told, by whichever backend, in one order. */
@Injectable()
export class EventFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly feed: KeptFeed<Change>;

  constructor(broker: Broker, @Inject(LOGGER) logger: Logger) {
    this.feed = new KeptFeed(broker, logger, ['job.#', 'workflow.#'], change);
  }

  onApplicationBootstrap(): void {
    this.feed.open();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.feed.close();
  }

  /** See `KeptFeed`. */
  stream(lastEventId: string | null): Observable<FeedEvent<Change> | null> {
    return this.feed.stream(lastEventId);
  }
}
