import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { logMessage, QUEUE, type LogMessage } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { appendLogLines } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Batches } from './answers.js';

/** Adds what workers log to the logs of their jobs. */
@Controller()
export class LogConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
  ) {
    this.batch = batches.of<LogMessage>((messages) =>
      appendLogLines(
        this.dataSource,
        messages.flatMap(({ job_id, lines }) => lines.map(({ at, line }) => ({ attemptId: job_id, at, line }))),
      ),
    );
  }

  @AmqpConsumer(QUEUE.jobLog, logMessage)
  onLog(@Payload() message: LogMessage): Promise<void> {
    return this.batch.add(message);
  }
}
