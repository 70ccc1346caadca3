// What should happen to jobs and attempts, in memory: the store is compared with it after every step.
import { FINAL_STATUSES, nextStatus, type AttemptStatus, type JobEventName } from '@reelay/domain';
import type { JobStatus } from '@reelay/contracts';

/** A job as it should stand. */
export interface ModelJob {
  readonly type: string;
  readonly maxRetries: number;
  status: JobStatus;
  progress: number;
  priority: number;
  /** Whose answers count for the job. */
  current: ModelAttempt | null;
  attemptCount: number;
  retries: number;
  /** `retries` when a person last retried it. */
  retriesBefore: number;
  losses: number;
  error: string | null;
  /** Whether it is to be tried again at a time, and whether that is still to come. */
  retryTime: RetryTime | null;
  /** Its order came back since no queue took it. */
  unroutable: boolean;
}

/** An attempt as it should stand. */
export interface ModelAttempt {
  readonly job: ModelJob;
  readonly number: number;
  status: AttemptStatus;
  confirmed: boolean;
  holder: string | null;
  lease: 'held' | 'over' | null;
  paused: boolean;
  /** The holder numbers nothing and acknowledges at the end: a new claim takes over. */
  acknowledgesLate: boolean;
  seq: number | null;
  error: string | null;
}

export type RetryTime = 'due' | 'later';

/** Who answers; null for a worker that does not say who it is. */
export type Sender = string | null;

/** The whole of it, with how often which event moved a job, by `state event`. */
export interface Model {
  readonly announcedType: string;
  readonly maxLosses: number;
  jobs: ModelJob[];
  /** Those of deleted jobs too: their workers may still answer. */
  readonly attempts: ModelAttempt[];
  readonly seen: Map<string, number>;
}

export const isOpen = ({ status }: ModelAttempt): boolean => status === 'out' || status === 'running';
export const isOver = ({ status }: ModelJob): boolean => FINAL_STATUSES.some((final) => final === status);
const isCurrent = (attempt: ModelAttempt): boolean => attempt.job.current === attempt;

/** Moves a job along the table; false where the table does not allow it. */
function move(model: Model, job: ModelJob, event: JobEventName): boolean {
  const next = nextStatus(job.status, event);
  if (next === null) return false;
  const what = `${job.status} ${event}`;
  model.seen.set(what, (model.seen.get(what) ?? 0) + 1);
  job.status = next;
  return true;
}

/** The same for what an attempt does to its job: it has to be the current one, and an answer revives nothing. */
const moveByAttempt = (model: Model, attempt: ModelAttempt, ...events: JobEventName[]): boolean =>
  isCurrent(attempt) && !isOver(attempt.job) && events.some((event) => move(model, attempt.job, event));

function end(attempt: ModelAttempt, status: AttemptStatus): void {
  attempt.status = status;
  attempt.lease = null;
}

export function submit(model: Model, wish: Pick<ModelJob, 'type' | 'priority' | 'maxRetries'>): ModelJob {
  const job: ModelJob = {
    ...{ ...wish, status: 'pending', progress: 0, current: null, attemptCount: 0, retries: 0, retriesBefore: 0 },
    ...{ losses: 0, error: null, retryTime: null, unroutable: false },
  };
  model.jobs.push(job);
  return job;
}

/** The jobs that may be sent now. */
export const dueJobs = (model: Model): ModelJob[] =>
  model.jobs.filter(
    ({ status, retryTime, unroutable, type }) =>
      status === 'pending' && retryTime !== 'later' && (!unroutable || type === model.announcedType),
  );

export function dispatch(model: Model, jobs: readonly ModelJob[], confirmed: boolean): ModelAttempt[] {
  return jobs.flatMap((job) => {
    if (!move(model, job, 'dispatch')) return [];
    const attempt: ModelAttempt = {
      ...{ job, number: ++job.attemptCount, status: 'out', confirmed, holder: null, lease: null, paused: false },
      ...{ acknowledgesLate: false, seq: null, error: null },
    };
    job.current = attempt;
    job.retryTime = null;
    model.attempts.push(attempt);
    return [attempt];
  });
}

/** Whether a worker that says that it works on an attempt is told to stop. */
export function trespasses(attempt: ModelAttempt, by: string, claims: boolean): boolean {
  const { job, holder } = attempt;
  if (!isCurrent(attempt) || !isOpen(attempt) || job.status === 'cancelled') return true;
  return holder !== null && holder !== by && !(attempt.acknowledgesLate && claims);
}

/** @returns whether it changed the job */
export function progress(
  model: Model,
  attempt: ModelAttempt,
  by: string,
  seq: number | null,
  percent: number,
): boolean {
  const takesOver = attempt.acknowledgesLate && percent === 0;
  const mayHold = attempt.holder === null || attempt.holder === by || takesOver;
  const isOld = seq !== null && attempt.seq !== null && seq <= attempt.seq;
  if (!isOpen(attempt) || !mayHold || isOld) return false;
  Object.assign(attempt, { status: 'running', holder: by, lease: 'held', acknowledgesLate: seq === null });
  attempt.seq = seq ?? attempt.seq;
  const started = moveByAttempt(model, attempt, 'start');
  if (!isCurrent(attempt) || attempt.job.status !== 'running') return started;
  attempt.job.progress = Math.max(attempt.job.progress, Math.floor(percent));
  return true;
}

/** Ends an attempt on the word of a worker that may say so. */
function endBy(attempt: ModelAttempt, by: Sender, status: AttemptStatus): boolean {
  if (!isOpen(attempt) || (by !== null && attempt.holder !== null && attempt.holder !== by)) return false;
  end(attempt, status);
  attempt.holder ??= by;
  return true;
}

export function complete(model: Model, attempt: ModelAttempt, by: Sender): boolean {
  if (!endBy(attempt, by, 'completed') || !moveByAttempt(model, attempt, 'complete')) return false;
  Object.assign(attempt.job, { progress: 100, error: null });
  return true;
}

export interface ModelError {
  readonly code: string;
  readonly retryable: boolean;
  /** Whether the delay before a retry is over at once. */
  readonly retryTime: RetryTime;
}

export function fail(model: Model, attempt: ModelAttempt, by: Sender, error: ModelError): boolean {
  if (!endBy(attempt, by, 'failed')) return false;
  attempt.error = error.code;
  const { job } = attempt;
  const again = error.retryable && job.retries - job.retriesBefore < job.maxRetries;
  if (!moveByAttempt(model, attempt, again ? 'retry' : 'fail')) return false;
  Object.assign(job, { error: error.code, retryTime: again ? error.retryTime : null });
  if (again) Object.assign(job, { progress: 0, retries: job.retries + 1 });
  return true;
}

/** A job waits again, or stays paused, since its attempt ended without an outcome. */
function requeue(model: Model, attempt: ModelAttempt, unroutable: boolean): boolean {
  if (!moveByAttempt(model, attempt, 'requeue', 'retry')) return false;
  const missing = unroutable && attempt.job.type === model.announcedType;
  Object.assign(attempt.job, { progress: 0, unroutable, retryTime: missing ? 'later' : null });
  return true;
}

export const stop = (model: Model, attempt: ModelAttempt, by: Sender): boolean =>
  endBy(attempt, by, 'stopped') && requeue(model, attempt, false);

/** Its order came back: no queue took it, or nobody claimed it. */
export function comeBack(model: Model, attempt: ModelAttempt, unroutable: boolean): boolean {
  if (attempt.status !== 'out') return false;
  end(attempt, 'returned');
  return requeue(model, attempt, unroutable);
}

/** Orders that the broker has and nobody claimed. */
export const unclaimed = (model: Model): ModelAttempt[] =>
  livingAttempts(model).filter(({ status, confirmed }) => status === 'out' && confirmed);

/** Orders that are to be sent again, since nobody knows whether the broker has them. */
export const unconfirmed = (model: Model): ModelAttempt[] =>
  livingAttempts(model).filter(({ status, confirmed }) => status === 'out' && !confirmed);

/** Ends the attempts whose lease is over. @returns the jobs that this changed */
export function sweep(model: Model): ModelJob[] {
  return livingAttempts(model).flatMap((attempt) => {
    if (attempt.lease !== 'over') return [];
    end(attempt, 'lost');
    attempt.error = 'WORKER_LOST';
    const { job } = attempt;
    // What a person paused stays paused; the loss counts.
    const bears = job.losses < model.maxLosses || job.status === 'paused';
    if (!moveByAttempt(model, attempt, bears ? 'retry' : 'fail')) return [];
    Object.assign(job, { losses: job.losses + 1, error: 'WORKER_LOST', progress: bears ? 0 : job.progress });
    return [job];
  });
}

export function signOfLife(attempt: ModelAttempt, by: string): void {
  if (attempt.status === 'running' && attempt.holder === by) attempt.lease = 'held';
}

export function renewAll(model: Model): void {
  for (const attempt of livingAttempts(model)) if (attempt.lease) attempt.lease = 'held';
}

export const livingAttempts = (model: Model): ModelAttempt[] =>
  model.attempts.filter(({ job }) => model.jobs.includes(job));

/** An order that is out is revoked: whoever claims it now is told to stop. */
function revoke(job: ModelJob): void {
  if (job.current?.status === 'out') end(job.current, 'returned');
}

export type ModelAction = (model: Model, job: ModelJob) => boolean;

export const cancel: ModelAction = (model, job) => {
  if (!move(model, job, 'cancel')) return false;
  revoke(job);
  job.retryTime = null;
  return true;
};

export const pause: ModelAction = (model, job) => {
  if (!move(model, job, 'pause')) return false;
  revoke(job);
  if (job.current?.status === 'running') job.current.paused = true;
  return true;
};

export const resume: ModelAction = (model, job) => {
  const held = job.current?.status === 'running';
  if (!move(model, job, held ? 'continue' : 'resume')) return false;
  if (job.current) job.current.paused = false;
  return true;
};

/** A person's retry: with a fresh budget, and nothing to do with what was tried before. */
export const retry: ModelAction = (model, job) => {
  if (!isOver(job) || !move(model, job, 'retry')) return false;
  Object.assign(job, { progress: 0, current: null, losses: 0, error: null, retryTime: null, unroutable: false });
  job.retriesBefore = ++job.retries;
  return true;
};

export const remove: ModelAction = (model, job) => {
  if (!isOver(job)) return false;
  model.jobs = model.jobs.filter((each) => each !== job);
  job.current = null;
  return true;
};

export function prioritise(job: ModelJob, priority: number): boolean {
  const waits = ['pending', 'queued', 'paused'].includes(job.status);
  if (waits) job.priority = priority;
  return waits;
}

/** Fails what waited a day for a worker to announce its type. */
export const expire = (model: Model): ModelJob[] =>
  model.jobs.filter((job) => {
    if (!job.unroutable || job.type === model.announcedType || !move(model, job, 'expire')) return false;
    job.error = 'UNROUTABLE';
    return true;
  });
