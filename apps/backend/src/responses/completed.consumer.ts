import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { completedMessage, decodeParameters, QUEUE, videoChange, type CompletedMessage } from '@reelay/contracts';
import { AmqpConsumer } from '@reelay/messaging/nest';
import { applyCompletions, applyVideoChanges, type CompletedJob, type Completion } from '@reelay/persistence';
import type { Logger } from '@reelay/platform';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { JobChanges } from '../live/job-changes.js';
import { LOGGER } from '../logging.js';
import { ANSWER_BATCH, Batches, firstOfEachAttempt } from './answers.js';

const reportedVideos = z.object({ videos: z.array(videoChange) });

/** Completes jobs, and records what they learned of videos in the same transaction. */
@Controller()
export class CompletedConsumer {
  private readonly batch;

  constructor(
    batches: Batches,
    private readonly dataSource: DataSource,
    private readonly changes: JobChanges,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.batch = batches.of<Completion>((completions) => this.apply(completions));
  }

  @AmqpConsumer(QUEUE.jobCompleted, completedMessage, { prefetch: ANSWER_BATCH })
  onCompleted(@Payload() message: CompletedMessage): Promise<void> {
    return this.batch.add({
      attemptId: message.job_id,
      instanceId: message.reelay?.instance_id ?? null,
      executionSeconds: message.execution_duration,
      destinationPaths: message.destination_paths,
      result: message.reelay?.result ?? decodeParameters(message.parameters),
    });
  }

  private async apply(batch: readonly Completion[]): Promise<void> {
    const completions = firstOfEachAttempt(batch);
    const completed = await this.dataSource.transaction(async (manager) => {
      const jobs = await applyCompletions(manager, completions);
      await applyVideoChanges(manager, this.videoChanges(jobs, completions));
      return jobs;
    });
    this.changes.report(completed);
  }

  private videoChanges(jobs: readonly CompletedJob[], completions: readonly Completion[]) {
    const results = new Map(completions.map(({ attemptId, result }) => [attemptId, result]));
    return jobs.flatMap(({ id, attemptId }) => {
      const result = results.get(attemptId);
      if (result?.videos === undefined) return [];
      const parsed = reportedVideos.safeParse(result);
      if (parsed.success) return parsed.data.videos.map((change) => ({ jobId: id, change }));
      this.logger.warn({ job: id, reason: parsed.error.message }, 'a result reports videos in a form that is unknown');
      return [];
    });
  }
}
