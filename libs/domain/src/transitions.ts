import type { JobStatus } from '@reelay/contracts';

/** What can happen to a job. */
export type JobEventName =
  | 'dispatch'
  | 'start'
  | 'requeue'
  | 'complete'
  | 'fail'
  | 'retry'
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'continue'
  | 'expire';

type TransitionTable = Readonly<Record<JobStatus, Readonly<Partial<Record<JobEventName, JobStatus>>>>>;

/** The life of a job: from each state, the events that may happen and the state that follows. */
export const TRANSITIONS = {
  /** Waits for the dispatcher, which moves it to `queued` when it may run. */
  pending: { dispatch: 'queued', cancel: 'cancelled', pause: 'paused', expire: 'failed' },
  /** An order is out; the worker's claim moves it to `running`, a return or a sweep back to `pending`. */
  queued: {
    start: 'running',
    requeue: 'pending',
    cancel: 'cancelled',
    pause: 'paused',
    complete: 'completed',
    fail: 'failed',
    retry: 'pending',
  },
  /** A worker holds it; its answer, or the end of its lease, moves it on. */
  running: { complete: 'completed', fail: 'failed', retry: 'pending', cancel: 'cancelled', pause: 'paused' },
  /**
   * A person stopped it for a while and resumes it. Work that ended before the stop reached it counts:
   * a job that is done is done; one that is to be tried again stays paused.
   */
  paused: {
    resume: 'pending',
    continue: 'running',
    cancel: 'cancelled',
    complete: 'completed',
    fail: 'failed',
    retry: 'paused',
    requeue: 'paused',
  },
  /** Retries are used up or do not help; a person may retry it. */
  failed: { retry: 'pending' },
  /** A person gave it up; a person may retry it. */
  cancelled: { retry: 'pending' },
  /** Done and verified. Nothing leaves this state. */
  completed: {},
} as const satisfies TransitionTable;

/** The state that follows, or null when the event may not happen in that state. */
export function nextStatus(status: JobStatus, event: JobEventName): JobStatus | null {
  const row: Readonly<Partial<Record<JobEventName, JobStatus>>> = TRANSITIONS[status];
  return row[event] ?? null;
}

/** The states in which an event may happen: what a guarded update lists in its WHERE. */
export function statesThatAllow(event: JobEventName): JobStatus[] {
  return (Object.keys(TRANSITIONS) as JobStatus[]).filter((status) => nextStatus(status, event) !== null);
}

/** States that a job does not leave by itself. */
export const FINAL_STATUSES = ['completed', 'failed', 'cancelled'] as const satisfies readonly JobStatus[];
