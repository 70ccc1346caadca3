import { isDeepStrictEqual } from 'node:util';
import { decideRetry } from '@reelay/domain';
import {
  applyFailures,
  insertJobs,
  readRetryFacts,
  type ChangedJob,
  type SqlRunner,
  type Trespass,
} from '@reelay/persistence';
import { expect } from 'vitest';
import {
  isOpen,
  isOver,
  livingAttempts,
  type Model,
  type ModelAttempt,
  type ModelError,
  type ModelJob,
  type Sender,
} from './lifecycle-model.js';
import { failure } from './store-fixture.js';

/** A time to retry that is still to come, and stays so until a step moves it, in ms. */
const LATER_MS = 3_600_000;

interface JobRow extends Omit<ModelJob, 'current'> {
  readonly id: string;
  readonly current: number | null;
  readonly ended: boolean;
}

interface AttemptRow extends Omit<ModelAttempt, 'job'> {
  readonly id: number;
  readonly jobId: string;
}

const JOBS = `SELECT json_agg(json_build_object('id', id, 'type', type, 'status', status, 'progress', progress,
    'priority', priority, 'current', attempt_id, 'attemptCount', attempt_count, 'maxRetries', max_retries,
    'retries', retry_count, 'retriesBefore', retry_base, 'losses', loss_count, 'error', error_code,
    'retryTime', CASE WHEN retry_after > now() THEN 'later' WHEN retry_after IS NOT NULL THEN 'due' END,
    'unroutable', unroutable_since IS NOT NULL, 'ended', completed_at IS NOT NULL) ORDER BY id) FROM jobs`;

const ATTEMPTS = `SELECT json_agg(json_build_object('id', id, 'jobId', job_id, 'number', number, 'status', status,
    'confirmed', published_at IS NOT NULL, 'holder', instance_id, 'acknowledgesLate', late_ack, 'seq', last_seq,
    'lease', CASE WHEN lease_until < now() THEN 'over' WHEN lease_until IS NOT NULL THEN 'held' END,
    'paused', paused AND status IN ('out', 'running'), 'error', error_code) ORDER BY id) FROM attempts`;

/** The real store beside the model: which row is which, and what the rows say. */
export class LifecycleStore {
  private readonly jobIds = new Map<ModelJob, string>();
  private readonly attemptIds = new Map<ModelAttempt, number>();

  constructor(readonly sql: SqlRunner) {}

  async insert(job: ModelJob): Promise<void> {
    const { type, priority, maxRetries } = job;
    const plain = { params: {}, resourceCategory: 'cpu', vramRequired: 0, target: null } as const;
    const [inserted] = await insertJobs(this.sql, [{ ...plain, type, priority, maxRetries }]);
    this.jobIds.set(job, inserted!.id);
  }

  name(attempt: ModelAttempt, id: number): void {
    this.attemptIds.set(attempt, id);
  }

  jobId(job: ModelJob): string {
    return this.jobIds.get(job)!;
  }

  attemptId(attempt: ModelAttempt): number {
    return this.attemptIds.get(attempt)!;
  }

  /** Applies an error as the backend does: reads the counters, decides, applies. */
  async fail(attempt: ModelAttempt, by: Sender, error: ModelError): Promise<ChangedJob[]> {
    const attemptId = this.attemptId(attempt);
    const [facts] = await readRetryFacts(this.sql, [attemptId]);
    const policy = { baseMs: error.retryTime === 'later' ? LATER_MS : 0, capMs: LATER_MS, jitter: 0, maxLosses: 0 };
    // Where the counters are gone, the attempt ended meanwhile: what was decided changes nothing any more.
    const counters = facts ?? { retryCount: 0, maxRetries: 1 };
    const decision = decideRetry({ ...counters, retryable: error.retryable }, new Date(), policy);
    const { code, retryable } = error;
    const retryAt = decision.retry ? decision.at.toISOString() : null;
    return applyFailures(this.sql, [{ ...failure(attemptId, retryAt), instanceId: by, code, retryable }]);
  }

  /** What was reported as changed is what the model changed, and says what the model says. */
  expectChanged(changed: readonly ChangedJob[], jobs: readonly ModelJob[]): void {
    const expected = jobs.map((job) => ({ id: this.jobId(job), status: job.status, progress: job.progress }));
    expect(byId(changed.map(({ id, status, progress }) => ({ id, status, progress })))).toEqual(byId(expected));
  }

  expectTold(told: readonly Trespass[], trespassers: readonly ModelAttempt[]): void {
    const ids = trespassers.map((attempt) => this.attemptId(attempt));
    expect(told.map(({ attemptId }) => attemptId).sort()).toEqual(ids.sort());
  }

  /** Compares every row with the model. */
  async expectSame(model: Model): Promise<void> {
    const [row] = await this.sql.query<{ jobs: JobRow[] | null; attempts: AttemptRow[] | null }[]>(
      `SELECT (${JOBS}) AS jobs, (${ATTEMPTS}) AS attempts`,
    );
    const stored = { jobs: row?.jobs ?? [], attempts: row?.attempts ?? [] };
    const expected = {
      jobs: byId(model.jobs.map((job) => this.jobRow(job))),
      attempts: byId(livingAttempts(model).map((attempt) => this.attemptRow(attempt))),
    };
    // An assertion costs more than the comparison: it is made only to show the difference.
    if (!isDeepStrictEqual(stored, expected)) expect(stored).toEqual(expected);
  }

  private jobRow(job: ModelJob): JobRow {
    const current = job.current && this.attemptId(job.current);
    return { ...job, current, ended: isOver(job), id: this.jobId(job) };
  }

  private attemptRow(attempt: ModelAttempt): AttemptRow {
    const { job, ...fields } = attempt;
    // Whether an attempt that is over was paused says nothing any more.
    const paused = attempt.paused && isOpen(attempt);
    return { ...fields, paused, id: this.attemptId(attempt), jobId: this.jobId(job) };
  }
}

function byId<T extends { readonly id: string | number }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
}
