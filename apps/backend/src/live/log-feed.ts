import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { EXCHANGE, LOG_NEWS_KEY, logNews } from '@reelay/contracts';
import { decodeMessage, type Consumer, type Delivery } from '@reelay/messaging';
import { readLogLines, type NumberedLogLine } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { Observable, Subject } from 'rxjs';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { LOGGER } from '../logging.js';
import { JobChanges } from './job-changes.js';

/** Lines that are read at once. */
const PAGE = 1_000;

/** Logs as they grow. Backends tell each other which did; the lines come from the database, so that none is missed. */
@Injectable()
export class LogFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Ids of the jobs whose log grew; null after a time in which nothing was heard. */
  private readonly news = new Subject<ReadonlySet<string> | null>();
  private consumer: Consumer | undefined;

  constructor(
    private readonly broker: Broker,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.consumer = this.broker.listen(EXCHANGE.jobEvents, [LOG_NEWS_KEY], (delivery) => {
      this.receive(delivery);
    });
    this.broker.onPublishingUp(() => {
      this.news.next(null);
    });
    // Some changes add a line of their own: a failure, a cancel, a retry.
    this.changes.subscribe((jobs) => {
      const over = jobs.filter(({ status }) => status !== 'queued' && status !== 'running');
      this.report(over.map(({ id }) => id));
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.news.complete();
    await this.consumer?.close();
  }

  /** Tells all backends that these jobs' logs grew. Call after the commit. */
  report(jobs: readonly string[]): void {
    if (jobs.length === 0) return;
    this.broker.publisher
      .publish({ exchange: EXCHANGE.jobEvents, routingKey: LOG_NEWS_KEY, content: { jobs }, ephemeral: true })
      .catch((error: unknown) => {
        this.logger.debug({ err: error }, 'could not tell that logs grew');
      });
  }

  /** Lines of a job's log after a sequence number, those that are there and those to come. */
  stream(jobId: string, after: number): Observable<NumberedLogLine> {
    return new Observable((subscriber) => {
      let last = after;
      let grown = true;
      let reading = false;
      const read = async (): Promise<void> => {
        if (reading) return;
        reading = true;
        try {
          while (grown && !subscriber.closed) {
            grown = false;
            const lines = await readLogLines(this.dataSource, jobId, last, PAGE);
            for (const line of lines) subscriber.next(line);
            last = lines.at(-1)?.seq ?? last;
            if (lines.length === PAGE) grown = true;
          }
        } catch (error) {
          // The client comes back with the number of the last line that it got.
          subscriber.error(error);
        } finally {
          reading = false;
        }
      };
      const subscription = this.news.subscribe({
        next: (jobs) => {
          if (jobs && !jobs.has(jobId)) return;
          grown = true;
          void read();
        },
        complete: () => {
          subscriber.complete();
        },
      });
      void read();
      return subscription;
    });
  }

  private receive(delivery: Delivery): void {
    delivery.ack();
    try {
      this.news.next(new Set(decodeMessage(logNews, delivery.message.content).jobs));
    } catch (error) {
      this.logger.warn({ err: error }, 'ignored news of logs');
    }
  }
}
