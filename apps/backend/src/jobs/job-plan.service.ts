import { Injectable } from '@nestjs/common';
import type { ExplanationView, SimulateBody, SimulationView } from '@reelay/contracts';
import { explainJob, simulate, type Durations, type PendingJob } from '@reelay/domain';
import { JobEntity, readDispatchSnapshot, readExperience, type Experience, type NewJob } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { JobParameters } from './job-parameters.js';
import { toPending } from './job.view.js';

/** What a job of a type is taken to last of which none was completed yet. */
const UNKNOWN_SECONDS = 60;

/** Explains and foretells by the very plan that the dispatcher carries out. */
@Injectable()
export class JobPlanService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly parameters: JobParameters,
  ) {}

  /** @throws {ApiError} 404 without such a job, 409 when it does not wait for its turn */
  async explain(id: string): Promise<ExplanationView> {
    const [job, snapshot, experience] = await Promise.all([
      this.dataSource.getRepository(JobEntity).findOneBy({ id }),
      readDispatchSnapshot(this.dataSource, 'all'),
      readExperience(this.dataSource),
    ]);
    if (!job) throw new ApiError(404, 'JOB_NOT_FOUND', `There is no job ${id}`);
    if (job.status !== 'pending') {
      throw new ApiError(409, 'JOB_STATE_CONFLICT', `A job that is ${job.status} does not wait for its turn`);
    }
    const known = snapshot.pending.some((pending) => pending.id === id);
    const pending = known ? snapshot.pending : [...snapshot.pending, toPending(job)];
    const explanation = explainJob(id, { ...snapshot, pending }, Date.now(), durationsBy(experience));
    if (!explanation) throw new Error('a pending job was not explained');
    const { predictedStart, constraints, ...rest } = explanation;
    return {
      ...rest,
      constraints: [...constraints],
      predictedStart: predictedStart === null ? null : new Date(predictedStart).toISOString(),
    };
  }

  /** What would happen to the waiting jobs, and to imagined ones, if nothing came in between. */
  async simulate({ jobs }: SimulateBody): Promise<SimulationView> {
    const now = Date.now();
    const [snapshot, experience, imagined] = await Promise.all([
      readDispatchSnapshot(this.dataSource, 'all'),
      readExperience(this.dataSource),
      Promise.all(jobs.map((job) => this.parameters.prepare(job))),
    ]);
    const pending = [...snapshot.pending, ...imagined.map((job, index) => toImagined(job, index, now))];
    const { estimateMs, remainingMs } = durationsBy(experience);
    const { schedule, makespanMs, never } = simulate({ ...snapshot, pending }, now, estimateMs, remainingMs);
    return {
      schedule: schedule.map(({ start, end, ...job }) => ({
        ...job,
        start: new Date(start).toISOString(),
        end: new Date(end).toISOString(),
      })),
      makespanSeconds: makespanMs / 1000,
      never: [...never],
    };
  }
}

const toImagined = (job: NewJob, index: number, now: number): PendingJob => ({
  id: `new-${String(index + 1)}`,
  type: job.type,
  category: job.resourceCategory,
  priority: job.priority,
  createdAt: now + index,
  retryAfter: null,
  target: job.target,
  vramRequired: job.vramRequired,
  unroutableSince: null,
});

function durationsBy({ averages, elapsed }: Experience): Required<Durations> {
  const expectedMs = (type: string): number => (averages[type] ?? UNKNOWN_SECONDS) * 1000;
  return {
    estimateMs: ({ type }) => expectedMs(type),
    // A paused attempt ends when a person says so.
    remainingMs: ({ jobId, type, holdsSlot }) =>
      holdsSlot ? Math.max(0, expectedMs(type) - (elapsed[jobId] ?? 0) * 1000) : Infinity,
  };
}
