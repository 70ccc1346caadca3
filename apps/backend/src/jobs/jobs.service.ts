import { Injectable } from '@nestjs/common';
import {
  createJobBody,
  type AttemptView,
  type BulkCreateAnswer,
  type BulkCreateBody,
  type CreatedJob,
  type CreateJobBody,
  type JobDetail,
  type JobPage,
  type JobStats,
  type ListJobsQuery,
  type LogPage,
  type LogQuery,
} from '@reelay/contracts';
import { waitingReasons } from '@reelay/domain';
import {
  AttemptEntity,
  countJobs,
  insertJobs,
  JobEntity,
  readDispatchSnapshot,
  readLog,
  readLogLines,
  readSettings,
  type NewJob,
} from '@reelay/persistence';
import { DataSource, In, type EntityManager } from 'typeorm';
import { ApiError, malformed, unprocessable, type RequestFault } from '../http/api-error.js';
import { faultsOf } from '../http/zod.pipe.js';
import { JobChanges } from '../live/job-changes.js';
import { writeOnce, type Written } from './idempotency.js';
import { jobsMatching } from './job-filter.js';
import { JobParameters } from './job-parameters.js';
import { toAttemptView, toDetail, toPending, toSummary, type JobExtras } from './job.view.js';

/** Accepts jobs and shows them. */
@Injectable()
export class JobsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly parameters: JobParameters,
    private readonly changes: JobChanges,
  ) {}

  /** Stores a job. Once this resolves the job is never lost. */
  async create(body: CreateJobBody, key?: string): Promise<CreatedJob> {
    const job = await this.parameters.prepare(body);
    return writeOnce(this.dataSource, { route: 'create', key, body }, async (manager) => {
      const [created] = await store(manager, [job]);
      if (!created) throw new Error('the insert returned no row');
      return this.written(created, [created]);
    });
  }

  /**
   * Stores many jobs in one statement.
   * @throws {ApiError} 422 with the faults of every job, when it is to be all or none
   */
  async createMany(body: BulkCreateBody, key?: string): Promise<BulkCreateAnswer> {
    const prepared = await Promise.all(body.jobs.map((job) => this.prepareOne(job)));
    const faults = prepared.flatMap((outcome, index) =>
      outcome instanceof ApiError ? faultsInBulk(outcome, index) : [],
    );
    if (body.atomic && faults.length > 0) throw unprocessable('BULK_REFUSED', faults);
    return writeOnce(this.dataSource, { route: 'bulk', key, body }, async (manager) => {
      const stored = await store(
        manager,
        prepared.filter((outcome): outcome is NewJob => !(outcome instanceof ApiError)),
      );
      const rest = [...stored];
      const data = prepared.map((outcome) => {
        const created = outcome instanceof ApiError ? undefined : rest.shift();
        return created ?? { error: errorInBulk(outcome) };
      });
      return this.written({ data }, stored);
    });
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
    const [field, direction] = orderOf(query.sort);
    const [jobs, total] = await jobsMatching(this.dataSource, query)
      .orderBy(`job.${field}`, direction, 'NULLS LAST')
      .addOrderBy('job.id', direction)
      .skip((query.page - 1) * query.limit)
      .take(query.limit)
      .getManyAndCount();
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

  /** Every try at a job, the first one first. */
  async attempts(id: string): Promise<AttemptView[]> {
    await this.mustExist(id);
    const attempts = await this.dataSource
      .getRepository(AttemptEntity)
      .find({ where: { jobId: id }, order: { number: 'ASC' } });
    return attempts.map(toAttemptView);
  }

  /** Lines of a job's log after a sequence number. */
  async log(id: string, { after, limit }: LogQuery): Promise<LogPage> {
    await this.mustExist(id);
    const lines = await readLogLines(this.dataSource, id, after, limit);
    return {
      data: lines.map(({ seq, at, line }) => ({ seq, at: at.toISOString(), line })),
      next: lines.at(-1)?.seq ?? after,
    };
  }

  /** Figures of the queue. */
  async stats(): Promise<JobStats> {
    const [counts, { limits }] = await Promise.all([countJobs(this.dataSource), readSettings(this.dataSource)]);
    return {
      ...counts.byStatus,
      totalVramUsed: counts.vramUsed,
      totalVramAvailable: counts.vramAvailable,
      averageProcessingTime: counts.averageProcessingTime ?? 0,
      jobsByType: counts.byType,
      categories: {
        cpu: { inUse: counts.inUse.cpu, limit: limits.cpu },
        gpu_encode: { inUse: counts.inUse.gpu_encode, limit: limits.gpu_encode },
        gpu_ai: { inUse: counts.inUse.gpu_ai, limit: limits.gpu_ai },
      },
    };
  }

  private written<T>(answer: T, created: readonly CreatedJob[]): Written<T> {
    return {
      answer,
      afterCommit: () => {
        this.changes.report(created);
      },
    };
  }

  private async prepareOne(job: unknown): Promise<NewJob | ApiError> {
    const parsed = createJobBody.safeParse(job);
    if (!parsed.success) return malformed(faultsOf(parsed.error));
    return this.parameters.prepare(parsed.data).catch((error: unknown) => {
      if (error instanceof ApiError) return error;
      throw error;
    });
  }

  private async mustExist(id: string): Promise<void> {
    const found = await this.dataSource.getRepository(JobEntity).existsBy({ id });
    if (!found) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
  }

  /** Why jobs wait, by the same plan that dispatches them, and who works on them. */
  private async extrasOf(jobs: readonly JobEntity[]): Promise<JobExtras[]> {
    const pending = jobs.filter(({ status }) => status === 'pending').map(toPending);
    const attemptIds = jobs.map(({ attemptId }) => attemptId).filter((id) => id !== null);
    const [reasons, attempts] = await Promise.all([
      pending.length === 0
        ? new Map<string, string | null>()
        : readDispatchSnapshot(this.dataSource).then((snapshot) => waitingReasons(pending, snapshot, Date.now())),
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
function orderOf(sort: ListJobsQuery['sort']): [field: string, direction: 'ASC' | 'DESC'] {
  return [sort.replace('-', ''), sort.startsWith('-') ? 'DESC' : 'ASC'];
}

async function store(manager: EntityManager, jobs: readonly NewJob[]): Promise<CreatedJob[]> {
  if (jobs.length === 0) return [];
  const rows = await insertJobs(manager, jobs);
  return rows.map(({ id, createdAt }, index) => ({
    ...{ id, type: jobs[index]?.type ?? '', status: 'pending' as const, progress: 0 },
    createdAt: createdAt.toISOString(),
  }));
}

const faultsInBulk = (error: ApiError, index: number): RequestFault[] =>
  (error.facts.errors ?? [{ path: '', message: error.message, code: error.code }]).map((fault) => ({
    ...fault,
    path: ['jobs', String(index), fault.path].filter((part) => part !== '').join('.'),
  }));

function errorInBulk(outcome: unknown): { code: string; detail: string; errors?: RequestFault[] } {
  if (!(outcome instanceof ApiError)) throw new Error('the insert returned too few rows');
  const { code, message, facts } = outcome;
  return { code, detail: message, ...(facts.errors ? { errors: [...facts.errors] } : {}) };
}
