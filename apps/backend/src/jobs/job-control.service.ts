import { Injectable } from '@nestjs/common';
import type { BulkActionAnswer, BulkActionBody, JobAction, JobDetail, JobStatus } from '@reelay/contracts';
import { FINAL_STATUSES } from '@reelay/domain';
import {
  cancelJobs,
  chooseJobs,
  deleteJobs,
  JobEntity,
  matchingIds,
  pauseJobs,
  resumeJobs,
  setPriority,
  workflowsOfJobs,
  type ActedJob,
  type SqlRunner,
} from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { ApiError } from '../http/api-error.js';
import { JobChanges } from '../live/job-changes.js';
import { WorkflowEngine, type RunEdit } from '../workflows/workflow-engine.js';
import { WorkflowRetries } from '../workflows/workflow-retries.js';
import { JobReader } from './job-reader.service.js';

/** Jobs that one statement of a bulk action changes. */
const BATCH = 1_000;

/** What a worker that is at the job is told. */
const TOLD = { cancel: 'stop_process', pause: 'pause_process', resume: 'resume_process' } as const;

const STATEMENTS: Readonly<
  Record<keyof typeof TOLD, (runner: SqlRunner, ids: readonly string[]) => Promise<ActedJob[]>>
> = { cancel: cancelJobs, pause: pauseJobs, resume: resumeJobs };

const PARTICIPLES: Readonly<Record<JobAction, string>> = {
  cancel: 'cancelled',
  pause: 'paused',
  resume: 'resumed',
  retry: 'retried',
  delete: 'deleted',
};

const isFinal = (status: JobStatus): boolean => FINAL_STATUSES.some((final) => final === status);

/** What a person does to jobs: cancel, pause, resume, retry, delete, change the priority. */
@Injectable()
export class JobControlService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: JobReader,
    private readonly changes: JobChanges,
    private readonly broker: Broker,
    private readonly workflows: WorkflowEngine,
    private readonly retries: WorkflowRetries,
  ) {}

  /** @throws {ApiError} 404 without such a job, 409 naming the state that does not allow the action */
  async act(action: JobAction, id: string): Promise<JobDetail> {
    const changed = await this.apply(action, [id]);
    if (changed === 0) await this.refuse(id, PARTICIPLES[action]);
    return this.reader.get(id);
  }

  /** @throws {ApiError} 404 without such a job, 409 while it is not over */
  async remove(id: string): Promise<void> {
    if ((await this.apply('delete', [id])) === 0) await this.refuse(id, PARTICIPLES.delete);
  }

  /** @throws {ApiError} 404 without such a job, 409 when it does not wait any more */
  async prioritise(id: string, priority: number): Promise<JobDetail> {
    const changed = await setPriority(this.dataSource, id, priority);
    if (!changed) await this.refuse(id, 'given another priority');
    else this.changes.report([changed]);
    return this.reader.get(id);
  }

  /**
   * Does it to every job that the filter chooses and whose state allows it, in batches.
   * @param signal ends it after the batch that is under way: the client went away
   */
  async actOnAll({ action, filter }: BulkActionBody, signal: AbortSignal): Promise<BulkActionAnswer> {
    let matched = 0;
    let changed = 0;
    for await (const ids of matchingIds(this.dataSource, chooseJobs(filter), BATCH)) {
      matched += ids.length;
      changed += await this.apply(action, ids);
      if (signal.aborted) break;
    }
    return { matched, changed };
  }

  private async apply(action: JobAction, ids: readonly string[]): Promise<number> {
    if (action === 'delete') return (await deleteJobs(this.dataSource, ids)).length;
    // Those of workflows take theirs along: what waits for a job hears of its end in the same transaction.
    const workflowIds = await workflowsOfJobs(this.dataSource, ids);
    if (action === 'retry') return this.retry(ids, workflowIds);
    const acted = await this.workflows.applyWith(workflowIds, (manager) => STATEMENTS[action](manager, ids));
    for (const { attemptId, instanceId } of acted) {
      if (attemptId !== null && instanceId !== null) {
        this.broker.tell(instanceId, { type: TOLD[action], job_id: attemptId });
      }
    }
    return acted.length;
  }

  /** Counts those that were asked for: a workflow that goes on again may bring back others. */
  private async retry(ids: readonly string[], workflowIds: readonly string[]): Promise<number> {
    let edit: RunEdit = (run) => run;
    const acted = await this.workflows.applyWith(
      workflowIds,
      async (manager) => {
        const retry = await this.retries.retryJobs(manager, ids, workflowIds);
        edit = retry.edit;
        return retry.acted;
      },
      (run) => edit(run),
    );
    const asked = new Set(ids);
    return acted.filter(({ id }) => asked.has(id)).length;
  }

  private async refuse(id: string, what: string): Promise<never> {
    const job = await this.dataSource.getRepository(JobEntity).findOneBy({ id });
    if (!job) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    const { status, workflowId } = job;
    if (workflowId !== null && isFinal(status) && what === PARTICIPLES.delete) {
      const detail = `Job ${id} belongs to workflow ${workflowId}, and leaves with it: delete that when it is over`;
      throw new ApiError(409, 'JOB_OF_WORKFLOW', detail);
    }
    if (workflowId !== null && status !== 'completed' && isFinal(status) && what === PARTICIPLES.retry) {
      const detail = `Workflow ${workflowId} has gone on without job ${id}, which cannot be retried any more`;
      throw new ApiError(409, 'JOB_OF_WORKFLOW', detail);
    }
    throw new ApiError(409, 'JOB_STATE_CONFLICT', `A job that is ${status} cannot be ${what}`);
  }
}
