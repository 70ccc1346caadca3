/** Base of this library's errors: what a worker cannot start or go on with. */
export class WorkerError extends Error {
  constructor(
    readonly code: 'PROCESSORS_UNFIT' | 'ORDER_UNREADABLE' | 'USAGE',
    message: string,
  ) {
    super(message);
    this.name = 'WorkerError';
  }
}

/** Why a job's signal was aborted. */
export class StopRequest extends Error {
  constructor(readonly reason: 'cancelled' | 'shutdown') {
    super(reason === 'shutdown' ? 'the worker shuts down' : 'the job was stopped');
    this.name = 'StopRequest';
  }
}

/** A failure with a stable code, for processors that have no error class of their own. */
export class JobError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable?: boolean,
  ) {
    super(message);
    this.name = 'JobError';
  }
}
