import { Injectable } from '@nestjs/common';
import type { CreateJobBody, JobDetail, JobPage, ListJobsQuery } from '@reelay/contracts';
import { DEFAULT_CATEGORY_LIMITS, waitingReasons } from '@reelay/domain';
import { AttemptEntity, insertJobs, JobEntity, readDispatchState, readLog } from '@reelay/persistence';
import { DataSource, In, type FindOptionsOrder, type FindOptionsWhere } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { JobChanges } from '../live/job-changes.js';
import { JobParameters } from './job-parameters.js';
import { toDetail, toPending, toSummary, type JobExtras } from './job.view.js';

/** What is answered to a new job. */
export interface CreatedJob {
  readonly id: string;
  readonly type: string;
  readonly status: 'pending';
  readonly progress: 0;
  readonly createdAt: string;
}

/** Accepts jobs and shows them. */
@Injectable()
export class JobsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly parameters: JobParameters,
    private readonly changes: JobChanges,
  ) {}

  /** Stores a job. Once this resolves the job is never lost. */
  async create(body: CreateJobBody): Promise<CreatedJob> {
    const job = await this.parameters.prepare(body);
    const [row] = await insertJobs(this.dataSource, [job]);
    if (!row) throw new Error('the insert returned no row');
    const created = { id: row.id, type: job.type, status: 'pending', progress: 0 } as const;
    this.changes.report([created]);
    return { ...created, createdAt: row.createdAt.toISOString() };
  }

  /** @throws {ApiError} 404 when there is no such job */
  async get(id: string): Promise<JobDetail> {
    const [job, log] = await Promise.all([
      this.dataSource.getRepository(JobEntity).findOneBy({ id }),
      readLog(this.dataSource, id),
    ]);
    if (!job) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    const [extras] = await this.extrasOf([job]);
    return toDetail(job, { waitingReason: null, worker: null, ...extras, log });
  }

  async list(query: ListJobsQuery): Promise<JobPage> {
    const where: FindOptionsWhere<JobEntity> = {
      ...(query.status ? { status: In(query.status) } : {}),
      ...(query.type ? { type: In(query.type) } : {}),
      ...(query.resourceCategory ? { resourceCategory: In(query.resourceCategory) } : {}),
    };
    const [jobs, total] = await this.dataSource.getRepository(JobEntity).findAndCount({
      where,
      order: orderOf(query.sort),
      skip: (query.page - 1) * query.limit,
      take: query.limit,
    });
    const extras = await this.extrasOf(jobs);
    return {
      data: jobs.map((job, index) => toSummary(job, extras[index] ?? { waitingReason: null, worker: null })),
      pagination: {
        page: query.page,
        limit: query.limit,
        total,
        totalPages: Math.ceil(total / query.limit),
      },
    };
  }

  /** Why jobs wait, by the same plan that dispatches them, and who works on them. */
  private async extrasOf(jobs: readonly JobEntity[]): Promise<JobExtras[]> {
    const pending = jobs.filter(({ status }) => status === 'pending').map(toPending);
    const attemptIds = jobs.map(({ attemptId }) => attemptId).filter((id) => id !== null);
    const [reasons, attempts] = await Promise.all([
      pending.length === 0
        ? new Map<string, string | null>()
        : readDispatchState(this.dataSource, false).then((state) =>
            waitingReasons(pending, { ...state, limits: DEFAULT_CATEGORY_LIMITS }, Date.now()),
          ),
      attemptIds.length === 0 ? [] : this.dataSource.getRepository(AttemptEntity).findBy({ id: In(attemptIds) }),
    ]);
    const workers = new Map(attempts.map(({ id, instanceId }) => [id, instanceId]));
    return jobs.map(({ id, attemptId }) => ({
      waitingReason: reasons.get(id) ?? null,
      worker: (attemptId === null ? null : workers.get(attemptId)) ?? null,
    }));
  }
}

/** The id breaks ties, so that pages neither repeat nor skip a job. */
function orderOf(sort: ListJobsQuery['sort']): FindOptionsOrder<JobEntity> {
  const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
  const field = sort.replace('-', '') as 'createdAt' | 'priority' | 'startedAt';
  return { [field]: direction, id: direction };
}
