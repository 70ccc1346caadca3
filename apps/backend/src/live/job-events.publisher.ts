import { Inject, Injectable } from '@nestjs/common';
import { EXCHANGE, jobEventKey } from '@reelay/contracts';
import type { ChangedJob } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { Broker } from '../broker/broker.js';
import { LOGGER } from '../logging.js';
import { jobEventOf } from './job-event.js';
import { JobChanges } from './job-changes.js';

/** Publishes committed changes on `job_events`, for streams and outside subscribers. */
@Injectable()
export class JobEventsPublisher {
  constructor(
    changes: JobChanges,
    private readonly broker: Broker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    changes.subscribe((jobs) => {
      this.publish(jobs);
    });
  }

  /** Events are news, not records: one that cannot be published is dropped, and the API has the state. */
  private publish(jobs: readonly ChangedJob[]): void {
    const at = new Date().toISOString();
    for (const job of jobs) {
      const event = jobEventOf(job, at);
      this.broker.publisher
        .publish({ exchange: EXCHANGE.jobEvents, routingKey: jobEventKey(event), content: event, ephemeral: true })
        .catch((error: unknown) => {
          this.logger.debug({ err: error, job: job.id }, 'a job event was not published');
        });
    }
  }
}
