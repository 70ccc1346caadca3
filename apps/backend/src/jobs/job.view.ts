import type { AttemptView, JobDetail, JobSummary } from '@reelay/contracts';
import type { PendingJob } from '@reelay/domain';
import type { AttemptEntity, JobEntity } from '@reelay/persistence';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** A job as lists show it. */
export function toSummary(job: JobEntity, waitingReason: string | null): JobSummary {
  return {
    id: job.id,
    type: job.type,
    status: job.status,
    progress: job.progress,
    resourceCategory: job.resourceCategory,
    vramRequired: job.vramRequired,
    priority: job.priority,
    params: job.params,
    waitingReason,
    retryCount: job.retryCount,
    maxRetries: job.maxRetries,
    retryAfter: iso(job.retryAfter),
    target: job.target,
    worker: job.worker,
    workflowId: job.workflowId,
    workflowStep: job.workflowStep,
    workflowBranch: job.workflowBranch,
    error:
      job.errorCode === null
        ? null
        : { code: job.errorCode, message: job.errorMessage ?? '', retryable: job.errorRetryable ?? false },
    createdAt: job.createdAt.toISOString(),
    startedAt: iso(job.startedAt),
    completedAt: iso(job.completedAt),
  };
}

/** What a job's row does not hold. */
export interface DetailFacts {
  readonly waitingReason: string | null;
  readonly queuePosition: number | null;
  readonly log: string;
}

/** A job with all that is known of it. */
export function toDetail(job: JobEntity, { waitingReason, ...facts }: DetailFacts): JobDetail {
  return {
    ...toSummary(job, waitingReason),
    ...facts,
    phase: job.phase,
    speed: job.speed,
    etaSeconds: job.etaSeconds,
    destinationPaths: job.destinationPaths,
    result: job.result,
  };
}

/** A job as the planner sees it. */
export const toPending = (job: JobEntity): PendingJob => ({
  id: job.id,
  type: job.type,
  category: job.resourceCategory,
  priority: job.priority,
  createdAt: job.createdAt.getTime(),
  retryAfter: job.retryAfter?.getTime() ?? null,
  target: job.target,
  vramRequired: job.vramRequired,
  unroutableSince: job.unroutableSince?.getTime() ?? null,
});

/** One try at a job, as the API shows it. */
export const toAttemptView = (attempt: AttemptEntity): AttemptView => ({
  id: Number(attempt.id),
  number: attempt.number,
  status: attempt.status,
  worker: attempt.instanceId,
  createdAt: attempt.createdAt.toISOString(),
  publishedAt: iso(attempt.publishedAt),
  claimedAt: iso(attempt.claimedAt),
  finishedAt: iso(attempt.finishedAt),
  executionSeconds: attempt.executionSeconds,
  error: attempt.errorCode === null ? null : { code: attempt.errorCode, message: attempt.errorMessage ?? '' },
});
