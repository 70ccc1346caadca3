import { Injectable } from '@nestjs/common';
import {
  MAX_PAGE_DEPTH,
  type AttemptView,
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
  chooseJobs,
  countJobs,
  countMatching,
  isCounted,
  JobEntity,
  listJobIds,
  readCount,
  readDispatchSnapshot,
  readLog,
  readLogLines,
  readSettings,
} from '@reelay/persistence';
import { DataSource, In } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { fromCursor, toCursor } from './cursor.js';
import { toAttemptView, toDetail, toPending, toSummary, type JobExtras } from './job.view.js';

/** Shows jobs. */
@Injectable()
export class JobReader {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws {ApiError} 404 when there is no such job */
  async get(id: string): Promise<JobDetail> {
    const [job, log] = await Promise.all([
      this.dataSource.getRepository(JobEntity).findOneBy({ id }),
      readLog(this.dataSource, id),
    ]);
    if (!job) throw jobNotFound(id);
    const [extras] = await this.extrasOf([job]);
    return toDetail(job, { waitingReason: null, worker: null, ...extras, log });
  }

  /** @throws {ApiError} 400 for a cursor that is not of this list, and for a page that lies too deep */
  async list({ page, cursor, limit, sort, ...filter }: ListJobsQuery): Promise<JobPage> {
    if (page !== undefined && cursor !== undefined) {
      throw new ApiError(400, 'REQUEST_INVALID', 'page and cursor exclude each other: name one of them');
    }
    const offset = ((page ?? 1) - 1) * limit;
    if (offset + limit > MAX_PAGE_DEPTH) {
      const detail = `page: the first ${String(MAX_PAGE_DEPTH)} jobs can be reached by pages; follow nextCursor from there, or narrow the filter`;
      throw new ApiError(400, 'PAGE_TOO_DEEP', detail);
    }
    const after = cursor === undefined ? undefined : fromCursor(cursor, sort);
    const choice = chooseJobs(filter);
    const [places, { total, exact }] = await Promise.all([
      // One more tells whether anything follows.
      listJobIds(this.dataSource, choice, { sort, after, offset, limit: limit + 1 }),
      isCounted(filter)
        ? readCount(this.dataSource, filter).then((n) => ({ total: n, exact: true }))
        : countMatching(this.dataSource, choice),
    ]);
    const shown = places.slice(0, limit);
    const last = places.length > limit ? shown.at(-1) : undefined;
    return {
      data: await this.summaries(shown.map(({ id }) => id)),
      pagination: {
        page: cursor === undefined ? (page ?? 1) : null,
        limit,
        total,
        totalPages: Math.ceil(total / limit),
        totalExact: exact,
        nextCursor: last ? toCursor(sort, last) : null,
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

  private async mustExist(id: string): Promise<void> {
    const found = await this.dataSource.getRepository(JobEntity).existsBy({ id });
    if (!found) throw jobNotFound(id);
  }

  /** In the order of the ids. A job that was deleted since they were read is left out. */
  private async summaries(ids: readonly string[]): Promise<JobPage['data']> {
    if (ids.length === 0) return [];
    const rows = await this.dataSource.getRepository(JobEntity).findBy({ id: In([...ids]) });
    const byId = new Map(rows.map((job) => [job.id, job]));
    const jobs = ids.flatMap((id) => byId.get(id) ?? []);
    const extras = await this.extrasOf(jobs);
    return jobs.map((job, index) => toSummary(job, extras[index] ?? { waitingReason: null, worker: null }));
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

const jobNotFound = (id: string): ApiError => new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
