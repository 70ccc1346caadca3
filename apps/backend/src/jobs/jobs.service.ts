import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  createJobBody,
  type BulkCreateAnswer,
  type BulkCreateBody,
  type CreatedJob,
  type CreateJobBody,
} from '@reelay/contracts';
import { insertJobs, type NewJob } from '@reelay/persistence';
import { DataSource, type EntityManager } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { ApiError, malformed, unprocessable, type RequestFault } from '../http/api-error.js';
import { faultsOf } from '../http/zod.pipe.js';
import { JobChanges } from '../live/job-changes.js';
import { writeOnce, type Written } from './idempotency.js';
import { JobParameters } from './job-parameters.js';

/** Accepts jobs. */
@Injectable()
export class JobsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly parameters: JobParameters,
    private readonly changes: JobChanges,
    private readonly broker: Broker,
  ) {}

  /** Stores a job. Once this resolves the job is never lost. */
  async create(body: CreateJobBody, key?: string): Promise<CreatedJob> {
    const job = withQueue(body, await this.parameters.prepare(body));
    return writeOnce(this.dataSource, { route: 'create', key, body }, async (manager) => {
      const [created] = await this.store(manager, [job]);
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
      const stored = await this.store(
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

  private written<T>(answer: T, created: readonly CreatedJob[]): Written<T> {
    return {
      answer,
      afterCommit: () => {
        this.changes.report(created.map((job) => ({ ...job, workflowId: null })));
      },
    };
  }

  private async prepareOne(job: unknown): Promise<NewJob | ApiError> {
    const parsed = createJobBody.safeParse(job);
    if (!parsed.success) return malformed(faultsOf(parsed.error));
    try {
      return withQueue(parsed.data, await this.parameters.prepare(parsed.data));
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
  }

  /** Queues that were asked for are there before anything can be told of their jobs. */
  private async store(manager: EntityManager, jobs: readonly NewJob[]): Promise<CreatedJob[]> {
    if (jobs.length === 0) return [];
    await this.broker.declareNotifyQueues(
      'job',
      jobs.flatMap(({ id }) => id ?? []),
    );
    const rows = await insertJobs(manager, jobs);
    return rows.map(({ id, createdAt }, index) => ({
      ...{ id, type: jobs[index]?.type ?? '', status: 'pending' as const, progress: 0 },
      createdAt: createdAt.toISOString(),
    }));
  }
}

/** A job whose queue is to be named after it has its id before it is stored. */
const withQueue = ({ notifyQueue }: CreateJobBody, job: NewJob): NewJob =>
  notifyQueue ? { ...job, id: randomUUID() } : job;

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
