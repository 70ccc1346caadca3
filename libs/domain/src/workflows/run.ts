import type { JobStatus, StepStatus, WorkflowStatus } from '@reelay/contracts';

/** Why a step or one of its jobs failed. */
export interface NodeError {
  readonly code: string;
  readonly message: string;
}

/** A job of a run as the plan sees it. */
export interface NodeJob {
  readonly id: string;
  readonly step: string;
  readonly branch: number;
  readonly status: JobStatus;
  readonly error: NodeError | null;
}

/** What a completed job left. */
export interface NodeOutcome {
  readonly step: string;
  readonly branch: number;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly destinationPaths: readonly string[];
}

/** What was decided of a step. */
export interface StepRecord {
  readonly id: string;
  /** As it was told last. */
  readonly status: StepStatus;
  readonly skipped: boolean;
  /** How many jobs it has; null until it begins. */
  readonly branches: number | null;
  /** Branches for which no job could be made, by number. */
  readonly refused: Readonly<Record<string, NodeError>>;
  /** Failed before it was known how many jobs it has. */
  readonly error: NodeError | null;
  /** A person let the workflow go on without what failed. */
  readonly isAccepted: boolean;
  /** What a person put in the place of its parameters; null takes one away. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

/** A run of a template: what is stored of it. */
export interface WorkflowRun {
  readonly id: string;
  readonly status: WorkflowStatus;
  readonly priority: number;
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether a person holds it. */
  readonly isHeld: boolean;
  readonly steps: readonly StepRecord[];
  readonly jobs: readonly NodeJob[];
}

/** A step as it stands. */
export interface StepState {
  readonly record: StepRecord;
  readonly status: StepStatus;
  /** Whether steps that need it may begin. */
  readonly isSettled: boolean;
  /** What failed of it, by branch. */
  readonly failures: readonly (NodeError & { readonly branch: number })[];
  readonly jobs: readonly NodeJob[];
}

const OPEN: readonly JobStatus[] = ['pending', 'queued', 'running', 'paused'];

/** Whether a job is not over yet. */
export const isOpen = ({ status }: { readonly status: JobStatus }): boolean => OPEN.includes(status);

/** What a cancelled job is to its workflow. */
const CANCELLED: NodeError = { code: 'JOB_CANCELLED', message: 'the job was cancelled' };
const UNEXPLAINED: NodeError = { code: 'JOB_FAILED', message: 'the job failed' };

/** How a step stands, by its record and its jobs. */
export function stateOf(
  record: StepRecord,
  jobs: readonly NodeJob[],
  onError: 'fail' | 'continue' | 'hold',
): StepState {
  const state = (status: StepStatus, isSettled: boolean, failures: StepState['failures'] = []): StepState => ({
    ...{ record, status, isSettled, failures, jobs },
  });
  if (record.skipped) return state('skipped', true);
  if (record.branches === null && !record.error) return state('waiting', false);
  const failures = failuresOf(record, jobs);
  const isOver = record.error !== null || (!jobs.some(isOpen) && isWhole(record, jobs));
  const goesOn = onError === 'continue' || record.isAccepted;
  if (failures.length > 0 && !goesOn) return state(onError === 'hold' ? 'held' : 'failed', false, failures);
  if (!isOver) return state('running', false, failures);
  return state(failures.length > 0 ? 'failed' : 'completed', true, failures);
}

/** Whether each branch of a step that has begun has a job, or a reason why it has none. */
export const isWhole = ({ branches, refused }: StepRecord, jobs: readonly NodeJob[]): boolean =>
  jobs.length + Object.keys(refused).length >= (branches ?? 0);

function failuresOf({ error, refused }: StepRecord, jobs: readonly NodeJob[]): StepState['failures'] {
  if (error) return [{ branch: 0, ...error }];
  const ofJobs = jobs.flatMap((job) => {
    if (job.status === 'failed') return [{ branch: job.branch, ...(job.error ?? UNEXPLAINED) }];
    return job.status === 'cancelled' ? [{ branch: job.branch, ...CANCELLED }] : [];
  });
  const withoutJob = Object.entries(refused).map(([branch, reason]) => ({ branch: Number(branch), ...reason }));
  return [...ofJobs, ...withoutJob].sort((a, b) => a.branch - b.branch);
}
