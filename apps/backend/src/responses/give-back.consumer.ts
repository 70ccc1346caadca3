import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { orderMessage, QUEUE, stoppedMessage, type OrderMessage, type StoppedMessage } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { giveBackAttempts, type GivenBack } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { JobChanges } from '../live/job-changes.js';
import { ANSWER_BATCH, Batches, firstOfEachAttempt } from './answers.js';
import { Receipts, type ConfirmableAnswer } from './receipts.js';

type ReportedGivingBack = GivenBack & ConfirmableAnswer;

/** Makes jobs pending again whose order no queue took, or whose worker stopped before the end. */
@Controller()
export class GiveBackConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    private readonly receipts: Receipts,
  ) {
    this.batch = batches.of<ReportedGivingBack>((attempts) => this.apply(attempts));
  }

  /** Orders that matched no queue come back over the alternate exchange. */
  @AmqpConsumer(QUEUE.jobQueueNotFound, orderMessage, { prefetch: ANSWER_BATCH })
  onReturned(@Payload() order: OrderMessage): Promise<void> {
    return this.batch.add({
      attemptId: order.job_id,
      instanceId: null,
      status: 'returned',
      unroutable: true,
      confirm: false,
    });
  }

  @AmqpConsumer(QUEUE.jobStopped, stoppedMessage, { prefetch: ANSWER_BATCH })
  onStopped(@Payload() message: StoppedMessage): Promise<void> {
    return this.batch.add({
      attemptId: message.job_id,
      instanceId: message.reelay?.instance_id ?? null,
      status: 'stopped',
      unroutable: false,
      confirm: message.reelay?.confirm ?? false,
    });
  }

  private async apply(attempts: readonly ReportedGivingBack[]): Promise<void> {
    const once = firstOfEachAttempt(attempts);
    this.changes.report(await giveBackAttempts(this.dataSource, once));
    await this.receipts.send(attempts);
  }
}
