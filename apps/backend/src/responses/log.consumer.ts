import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { logMessage, QUEUE, type LogMessage } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { appendLogLines } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { LogFeed } from '../live/log-feed.js';
import { Batches } from './answers.js';

/** Adds what workers log to the logs of their jobs. */
@Controller()
export class LogConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly feed: LogFeed,
  ) {
    this.batch = batches.of<LogMessage>(async (messages) => {
      const lines = messages.flatMap((message) =>
        message.lines.map((line) => ({ attemptId: message.job_id, ...line })),
      );
      this.feed.report(await appendLogLines(this.dataSource, lines));
    });
  }

  @AmqpConsumer(QUEUE.jobLog, logMessage)
  onLog(@Payload() message: LogMessage): Promise<void> {
    return this.batch.add(message);
  }
}
