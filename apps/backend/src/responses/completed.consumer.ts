import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import {
  completedMessage,
  decodeParameters,
  QUEUE,
  videoChange,
  type CompletedMessage,
  type VideoChange,
} from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import {
  applyCompletions,
  applyPlainCompletions,
  applyVideoChanges,
  type CompletedJob,
  type Completion,
  type SetApart,
} from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { JobChanges } from '../live/job-changes.js';
import { LOGGER } from '../logging.js';
import { WorkflowEngine } from '../workflows/workflow-engine.js';
import { ANSWER_BATCH, Batches, firstOfEachAttempt } from './answers.js';
import { Receipts, type ConfirmableAnswer } from './receipts.js';

/** What jobs report of videos goes to the library's records; the rest of a result is shown with the job. */
const reportedVideos = z.array(videoChange);

interface ReportedCompletion extends Completion, ConfirmableAnswer {
  readonly videos: readonly VideoChange[];
}

/** Completes jobs, and records what they learned of videos in the same transaction. */
@Controller()
export class CompletedConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    private readonly receipts: Receipts,
    private readonly workflows: WorkflowEngine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.batch = batches.of<ReportedCompletion>((completions) => this.apply(completions));
  }

  @AmqpConsumer(QUEUE.jobCompleted, completedMessage, { prefetch: ANSWER_BATCH })
  onCompleted(@Payload() message: CompletedMessage): Promise<void> {
    const { videos, ...result } = message.reelay?.result ?? decodeParameters(message.parameters);
    return this.batch.add({
      attemptId: message.job_id,
      instanceId: message.reelay?.instance_id ?? null,
      executionSeconds: message.execution_duration,
      destinationPaths: message.destination_paths,
      result,
      videos: this.readVideos(message.job_id, videos),
      confirm: message.reelay?.confirm ?? false,
    });
  }

  private async apply(batch: readonly ReportedCompletion[]): Promise<void> {
    const completions = firstOfEachAttempt(batch);
    const videos = new Map(completions.map((completion) => [completion.attemptId, completion.videos]));
    // One statement is a transaction by itself.
    const alone = completions.every((completion) => completion.videos.length === 0);
    const { completed, setApart } = alone
      ? await applyPlainCompletions(this.dataSource, completions)
      : await this.dataSource.transaction(async (manager) => {
          const applied = await applyPlainCompletions(manager, completions);
          await recordVideos(manager, applied.completed, videos);
          return applied;
        });
    this.changes.report(completed);
    if (setApart.length > 0) await this.applyOfWorkflows(setApart, completions, videos);
    await this.receipts.send(batch);
  }

  /** What follows in their workflows is stored with them: a crash leaves all of it or nothing. */
  private async applyOfWorkflows(
    setApart: readonly SetApart[],
    completions: readonly Completion[],
    videos: ReadonlyMap<number, readonly VideoChange[]>,
  ): Promise<void> {
    const attempts = new Set(setApart.map(({ attemptId }) => attemptId));
    const workflowIds = setApart.map(({ workflowId }) => workflowId);
    await this.workflows.applyWith(workflowIds, async (manager) => {
      const own = completions.filter(({ attemptId }) => attempts.has(attemptId));
      const completed = await applyCompletions(manager, own);
      await recordVideos(manager, completed, videos);
      return completed;
    });
  }

  private readVideos(attemptId: number, videos: unknown): VideoChange[] {
    if (videos === undefined) return [];
    const parsed = reportedVideos.safeParse(videos);
    if (parsed.success) return parsed.data;
    this.logger.warn({ attemptId, reason: parsed.error.message }, 'a result reports videos in a form that is unknown');
    return [];
  }
}

/** What completed jobs learned of videos. */
async function recordVideos(
  manager: EntityManager,
  completed: readonly CompletedJob[],
  videos: ReadonlyMap<number, readonly VideoChange[]>,
): Promise<void> {
  const reported = completed.flatMap(({ id, attemptId }) =>
    (videos.get(attemptId) ?? []).map((change) => ({ jobId: id, change })),
  );
  if (reported.length > 0) await applyVideoChanges(manager, reported);
}
