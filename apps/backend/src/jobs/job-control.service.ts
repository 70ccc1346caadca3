import { Injectable } from '@nestjs/common';
import type { BulkActionAnswer, BulkActionBody, JobAction, JobDetail } from '@reelay/contracts';
import {
  cancelJobs,
  chooseJobs,
  deleteJobs,
  JobEntity,
  matchingIds,
  pauseJobs,
  resumeJobs,
  retryJobs,
  setPriority,
  type ActedJob,
  type SqlRunner,
} from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { ApiError } from '../http/api-error.js';
import { JobChanges } from '../live/job-changes.js';
import { JobReader } from './job-reader.service.js';

/** Jobs that one statement of a bulk action changes. */
const BATCH = 1_000;

/** What a worker that is at the job is told. */
const TOLD = { cancel: 'stop_process', pause: 'pause_process', resume: 'resume_process' } as const;

const STATEMENTS: Readonly<
  Record<Exclude<JobAction, 'delete'>, (runner: SqlRunner, ids: readonly string[]) => Promise<ActedJob[]>>
> = { cancel: cancelJobs, pause: pauseJobs, resume: resumeJobs, retry: retryJobs };

const PARTICIPLES: Readonly<Record<JobAction, string>> = {
  cancel: 'cancelled',
  pause: 'paused',
  resume: 'resumed',
  retry: 'retried',
  delete: 'deleted',
};

/** What a person does to jobs: cancel, pause, resume, retry, delete, change the priority. */
@Injectable()
export class JobControlService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: JobReader,
    private readonly changes: JobChanges,
    private readonly broker: Broker,
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
    const acted = await this.dataSource.transaction((manager) => STATEMENTS[action](manager, ids));
    this.changes.report(acted);
    if (action === 'retry') return acted.length;
    for (const { attemptId, instanceId } of acted) {
      if (attemptId !== null && instanceId !== null) {
        this.broker.tell(instanceId, { type: TOLD[action], job_id: attemptId });
      }
    }
    return acted.length;
  }

  private async refuse(id: string, what: string): Promise<never> {
    const job = await this.dataSource.getRepository(JobEntity).findOneBy({ id });
    if (!job) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    throw new ApiError(409, 'JOB_STATE_CONFLICT', `A job that is ${job.status} cannot be ${what}`);
  }
}
