import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { anyErrorMessage, isRetryableCode, QUEUE, readErrorMessage, type Settings } from '@reelay/contracts';
import { decideRetry, type RetryPolicy } from '@reelay/domain';
import { UnreadableMessageError } from '@reelay/messaging';
import { AmqpConsumer, AmqpContext } from '@reelay/messaging/nest';
import { applyFailures, JobEntity, readRetryFacts, readSettings, type Failure } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { JobChanges } from '../live/job-changes.js';
import { WorkflowEngine } from '../workflows/workflow-engine.js';
import { ANSWER_BATCH, Batches, firstOfEachAttempt } from './answers.js';
import { Receipts, type ConfirmableAnswer } from './receipts.js';

type ReportedFailure = Omit<Failure, 'retryAt'> & ConfirmableAnswer;

/** What is assumed of an error that carries no code. */
const UNCODED = 'WORKER_ERROR';

/** Ends failed attempts: their jobs are tried again later, or fail. */
@Controller()
export class ErrorConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    private readonly receipts: Receipts,
    private readonly workflows: WorkflowEngine,
  ) {
    this.batch = batches.of<ReportedFailure>((failures) => this.apply(failures));
  }

  @AmqpConsumer(QUEUE.jobError, anyErrorMessage, { prefetch: ANSWER_BATCH })
  async onError(@Payload() message: z.output<typeof anyErrorMessage>, @Ctx() context: AmqpContext): Promise<void> {
    const report = readErrorMessage(message);
    const code = report.code ?? UNCODED;
    await this.batch.add({
      attemptId: report.attemptId ?? (await this.attemptOf(context.correlationId)),
      instanceId: report.instanceId,
      code,
      message: report.message,
      retryable: report.retryable ?? isRetryableCode(code),
      executionSeconds: report.executionSeconds,
      confirm: report.confirm,
    });
  }

  private async apply(batch: readonly ReportedFailure[]): Promise<void> {
    const failures = firstOfEachAttempt(batch);
    const facts = await readRetryFacts(
      this.dataSource,
      failures.map(({ attemptId }) => attemptId),
    );
    const counters = new Map(facts.map((fact) => [fact.attemptId, fact]));
    const { retry } = await readSettings(this.dataSource);
    const now = new Date();
    const decided = failures.flatMap((failure) => {
      const counter = counters.get(failure.attemptId);
      if (!counter) return [];
      const decision = decideRetry({ ...counter, retryable: failure.retryable }, now, toPolicy(retry), Math.random());
      const { workflowId } = counter;
      return [{ ...failure, workflowId, retryAt: decision.retry ? decision.at.toISOString() : null }];
    });
    // A job that is tried again has not failed its workflow.
    const [ending, others] = split(decided, ({ workflowId, retryAt }) => workflowId !== null && retryAt === null);
    if (others.length > 0) this.changes.report(await applyFailures(this.dataSource, others));
    if (ending.length > 0) {
      const workflowIds = ending.flatMap(({ workflowId }) => workflowId ?? []);
      await this.workflows.applyWith(workflowIds, (manager) => applyFailures(manager, ending));
    }
    await this.receipts.send(batch);
  }

  /** An error without `job_id` is about the current attempt of the job that its correlation id names. */
  private async attemptOf(correlationId: string | null): Promise<number> {
    const id = z.uuid().safeParse(correlationId);
    const job = id.success ? await this.dataSource.getRepository(JobEntity).findOneBy({ id: id.data }) : null;
    if (!job?.attemptId) throw new UnreadableMessageError('an error that names neither an attempt nor a known job');
    return Number(job.attemptId);
  }
}

/** Those for which it holds, and the rest. */
function split<T>(items: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}

/** The settings in the units that the decision is made in. */
const toPolicy = (retry: Settings['retry']): RetryPolicy => ({
  baseMs: retry.baseSeconds * 1000,
  capMs: retry.capSeconds * 1000,
  jitter: retry.jitter,
  maxLosses: retry.maxLosses,
});
