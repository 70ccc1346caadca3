import { Inject, Injectable } from '@nestjs/common';
import { EXCHANGE, workflowEventKey, type WorkflowEvent } from '@reelay/contracts';
import type { Logger } from '@reelay/platform';
import { Broker } from '../broker/broker.js';
import { LOGGER } from '../logging.js';

/** Publishes committed changes of workflows on `job_events`. */
@Injectable()
export class WorkflowEventsPublisher {
  constructor(
    private readonly broker: Broker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Events are news, not records: one that cannot be published is dropped, and the API has the state. */
  publish(events: readonly Omit<WorkflowEvent, 'at'>[]): void {
    const at = new Date().toISOString();
    for (const event of events) {
      const content: WorkflowEvent = { ...event, at };
      this.broker.publisher
        .publish({ exchange: EXCHANGE.jobEvents, routingKey: workflowEventKey(content), content, ephemeral: true })
        .catch((error: unknown) => {
          this.logger.debug({ err: error, workflow: event.workflowId }, 'a workflow event was not published');
        });
    }
  }
}
