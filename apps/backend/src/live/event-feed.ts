import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { jobEvent, workflowEvent, type JobEvent, type WorkflowEvent } from '@reelay/contracts';
import type { Logger } from '@reelay/platform';
import { Broker } from '../broker/broker.js';
import { LOGGER } from '../logging.js';
import { KeptFeed } from './kept-feed.js';

/** The changes of jobs and of workflows that were told, by whichever backend. */
@Injectable()
export class EventFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly jobs: KeptFeed<JobEvent>;
  readonly workflows: KeptFeed<WorkflowEvent>;

  constructor(broker: Broker, @Inject(LOGGER) logger: Logger) {
    this.jobs = new KeptFeed(broker, logger, 'job.#', jobEvent);
    this.workflows = new KeptFeed(broker, logger, 'workflow.#', workflowEvent);
  }

  onApplicationBootstrap(): void {
    this.jobs.open();
    this.workflows.open();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.jobs.close(), this.workflows.close()]);
  }
}
