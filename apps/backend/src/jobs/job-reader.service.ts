import { Injectable } from '@nestjs/common';
import type {
  AttemptView,
  JobDetail,
  JobFilter,
  JobPage,
  JobStats,
  ListJobsQuery,
  LogPage,
  LogQuery,
} from '@reelay/contracts';
import { waitingReasons } from '@reelay/domain';
import {
  AttemptEntity,
  chooseJobs,
  countJobs,
  countMatching,
  isCounted,
  JobEntity,
  keyCount,
  listJobIds,
  readArchived,
  readCount,
  readDispatchSnapshot,
  readLog,
  readLogLines,
  readQueuePosition,
  readSettings,
  type JobChoice,
} from '@reelay/persistence';
import { DataSource, In } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { placeOf } from '../http/cursor.js';
import { cutPage, offsetOf, paginationOf } from '../http/page.js';
import { toAttemptView, toDetail, toPending, toSummary } from './job.view.js';

/** Shows jobs. */
@Injectable()
export class JobReader {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws {ApiError} 404 when there is no such job */
  async get(id: string): Promise<JobDetail> {
    const [job, log, queuePosition] = await Promise.all([
      this.dataSource.getRepository(JobEntity).findOneBy({ id }),
      readLog(this.dataSource, id),
      readQueuePosition(this.dataSource, id),
    ]);
    if (!job) throw await this.notFound(id);
    const reasons = await this.reasonsOf([job]);
    return toDetail(job, { waitingReason: reasons.get(id) ?? null, queuePosition, log });
  }

  /** @throws {ApiError} 400 for a cursor that is not of this list, and for a page that lies too deep */
  async list({ page, cursor, limit, sort, ...filter }: ListJobsQuery): Promise<JobPage> {
    const asked = { page, cursor, limit };
    const offset = offsetOf(asked, 'jobs');
    const after = cursor === undefined ? undefined : placeOf(cursor, sort, keyCount(sort));
    const choice = chooseJobs(filter);
    const [places, counted] = await Promise.all([
      listJobIds(this.dataSource, choice, { sort, after, offset, limit: limit + 1 }),
      this.count(filter, choice),
    ]);
    const { shown, nextCursor } = cutPage(places, limit, sort, (place) => place);
    const seen = { total: offset + places.length, exact: nextCursor === null && after === undefined };
    return {
      data: await this.summaries(shown.map(({ id }) => id)),
      pagination: paginationOf(asked, counted ?? seen, nextCursor),
    };
  }

  /** Null when words are looked for: to count those would take longer than to find them. */
  private async count(filter: JobFilter, choice: JobChoice): Promise<{ total: number; exact: boolean } | null> {
    if (choice.words !== null) return null;
    if (isCounted(filter)) return { total: await readCount(this.dataSource, filter), exact: true };
    return countMatching(this.dataSource, choice);
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
      devices: [...counts.devices],
      categories: {
        cpu: { inUse: counts.inUse.cpu, limit: limits.cpu },
        gpu_encode: { inUse: counts.inUse.gpu_encode, limit: limits.gpu_encode },
        gpu_ai: { inUse: counts.inUse.gpu_ai, limit: limits.gpu_ai },
      },
    };
  }

  private async mustExist(id: string): Promise<void> {
    const found = await this.dataSource.getRepository(JobEntity).existsBy({ id });
    if (!found) throw await this.notFound(id);
  }

  private async notFound(id: string): Promise<ApiError> {
    const archived = await readArchived(this.dataSource, id);
    if (!archived) return new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    return new ApiError(404, 'JOB_ARCHIVED', `Job ${id} is in the archive: see /api/media/archive/${id}`);
  }

  /** In the order of the ids. A job that was deleted since they were read is left out. */
  private async summaries(ids: readonly string[]): Promise<JobPage['data']> {
    if (ids.length === 0) return [];
    const rows = await this.dataSource.getRepository(JobEntity).findBy({ id: In([...ids]) });
    const byId = new Map(rows.map((job) => [job.id, job]));
    const jobs = ids.flatMap((id) => byId.get(id) ?? []);
    const reasons = await this.reasonsOf(jobs);
    return jobs.map((job) => toSummary(job, reasons.get(job.id) ?? null));
  }

  /** Why jobs wait, by the same plan that dispatches them. */
  private async reasonsOf(jobs: readonly JobEntity[]): Promise<ReadonlyMap<string, string | null>> {
    const pending = jobs.filter(({ status }) => status === 'pending').map(toPending);
    if (pending.length === 0) return new Map();
    return waitingReasons(pending, await readDispatchSnapshot(this.dataSource, 'next'), Date.now());
  }
}
