import { Injectable } from '@nestjs/common';
import type { RetryWorkflowBody } from '@reelay/contracts';
import { EvaluationError, parametersOf, statesOf, type CompiledTemplate, type StepState } from '@reelay/domain';
import {
  readRuns,
  replaceParameters,
  retryJobs,
  type ActedJob,
  type SqlRunner,
  type StoredRun,
} from '@reelay/persistence';
import type { EntityManager } from 'typeorm';
import { ApiError, unprocessable } from '../http/api-error.js';
import { JobParameters } from '../jobs/job-parameters.js';
import { readFacts } from './decide.js';
import { WorkflowEngine, type RunEdit } from './workflow-engine.js';
import { workflowConflict, workflowNotFound } from './workflow-errors.js';

/** A run, and how each of its steps stands. */
interface Examined {
  readonly run: StoredRun;
  readonly compiled: CompiledTemplate;
  readonly states: ReadonlyMap<string, StepState>;
}

/** Jobs that are tried again, and what that makes of their runs. */
export interface Retry {
  readonly acted: ActedJob[];
  readonly edit: RunEdit;
}

/** Tries again what failed in workflows, and brings back those that were over because of it. */
@Injectable()
export class WorkflowRetries {
  constructor(
    private readonly engine: WorkflowEngine,
    private readonly parameters: JobParameters,
  ) {}

  /**
   * Retries what failed in a run, or was cancelled.
   * @param manager of a transaction that has locked it
   * @throws {ApiError} 404, 409 when there is nothing to retry, 422 for parameters that do not fit
   */
  async retryRun(manager: EntityManager, id: string, { stepId, parameters }: RetryWorkflowBody): Promise<Retry> {
    const examined = await this.examine(manager, id);
    if (!examined) throw workflowNotFound(id);
    const { run, states } = examined;
    if (stepId !== undefined) refuseStep(examined, stepId);
    if (run.status === 'completed') {
      throw workflowConflict(run.status, 'retried');
    }
    // In a run that is over everything that stopped has to go on, or it would be over again at once.
    const reopened = isReopened(run) || stepId === undefined ? stepsToRetry(examined) : [stepId];
    if (run.status === 'running' && reopened.length === 0) {
      throw new ApiError(409, 'WORKFLOW_STATE_CONFLICT', 'Nothing of this workflow has failed: it is running');
    }
    const edit = reopening(reopened, stepId, parameters);
    const jobs = reopened.flatMap((step) => failedJobs(states.get(step)));
    if (stepId !== undefined && parameters !== undefined) {
      await this.replace(manager, { ...examined, run: edit(run) }, stepId);
    }
    return { acted: await retryJobs(manager, jobs), edit };
  }

  /**
   * Retries jobs, some of which belong to runs that the transaction has locked. One is left out whose run has gone on
   * without it.
   */
  async retryJobs(manager: EntityManager, jobIds: readonly string[], runIds: readonly string[]): Promise<Retry> {
    const edits = new Map<string, RunEdit>();
    const more = new Set<string>();
    const refused = new Set<string>();
    for (const run of await readRuns(manager, runIds)) {
      const examined = await this.examined(manager, run);
      const steps = stepsToRetry(examined);
      const asked = run.jobs.filter(({ id }) => jobIds.includes(id));
      const fits = run.status === 'completed' ? [] : asked.filter(({ step }) => steps.includes(step));
      for (const { id } of asked) if (!fits.some((job) => job.id === id)) refused.add(id);
      if (fits.length === 0 || !isReopened(run)) continue;
      edits.set(run.id, reopening(steps));
      for (const step of steps) for (const id of failedJobs(examined.states.get(step))) more.add(id);
    }
    const ids = [...new Set([...jobIds.filter((id) => !refused.has(id)), ...more])];
    return { acted: await retryJobs(manager, ids), edit: (run) => edits.get(run.id)?.(run) ?? run };
  }

  private async examine(manager: SqlRunner & EntityManager, id: string): Promise<Examined | null> {
    const [run] = await readRuns(manager, [id]);
    return run ? this.examined(manager, run) : null;
  }

  private async examined(manager: EntityManager, run: StoredRun): Promise<Examined> {
    const compiled = await this.engine.compiledOf(manager, run.id);
    return { run, compiled, states: statesOf(compiled, run) };
  }

  /** Works out the parameters of a step's failed jobs again, with those that were edited. */
  private async replace(manager: EntityManager, { run, compiled, states }: Examined, stepId: string): Promise<void> {
    const facts = await readFacts(manager, compiled, run.id, compiled.steps.get(stepId)?.refersTo ?? []);
    const jobs = (states.get(stepId)?.jobs ?? []).filter(isEndedBadly);
    const type = compiled.steps.get(stepId)?.step.job ?? '';
    const replaced = [];
    for (const { id, branch } of jobs) {
      const params = parametersFor(() => parametersOf(compiled, run, facts, { step: stepId, branch }));
      const body = { type, params, priority: run.priority, maxRetries: 0 };
      const prepared = await this.parameters.prepare(body, manager);
      replaced.push({ id, params: prepared.params, vramRequired: prepared.vramRequired });
    }
    if (replaced.length > 0) await replaceParameters(manager, replaced);
  }
}

function parametersFor<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw unprocessable('EXPRESSION_FAILED', [{ path: 'parameters', message: error.message, code: 'custom' }]);
  }
}

/** Whether a retry brings it back from its end. */
const isReopened = ({ status }: StoredRun): boolean => status === 'failed' || status === 'cancelled';

const isEndedBadly = ({ status }: { readonly status: string }): boolean =>
  status === 'failed' || status === 'cancelled';

const failedJobs = (state: StepState | undefined): string[] =>
  (state?.jobs ?? []).filter(isEndedBadly).map(({ id }) => id);

/** Whether a step that needs it has begun: what that was given cannot be taken back. */
const isBuiltUpon = ({ compiled, states }: Examined, step: string): boolean =>
  (compiled.neededBy.get(step) ?? []).some((dependent) => {
    const record = states.get(dependent)?.record;
    return record !== undefined && (record.skipped || record.branches !== null || record.error !== null);
  });

/** The steps with something that failed, on which nothing builds yet. */
const stepsToRetry = (examined: Examined): string[] =>
  [...examined.states]
    .filter(([step, { failures }]) => failures.length > 0 && !isBuiltUpon(examined, step))
    .map(([step]) => step);

function refuseStep(examined: Examined, stepId: string): void {
  const state = examined.states.get(stepId);
  if (!state) {
    const message = `this workflow has no step ${stepId}`;
    throw unprocessable('UNKNOWN_STEP', [{ path: 'stepId', message, code: 'not_found' }]);
  }
  if (state.failures.length === 0) {
    throw new ApiError(409, 'STEP_STATE_CONFLICT', `Nothing of step ${stepId} failed: it is ${state.record.status}`);
  }
  if (isBuiltUpon(examined, stepId)) {
    throw new ApiError(409, 'STEP_STATE_CONFLICT', `The workflow has gone on without step ${stepId}`);
  }
}

/** Makes a run go on with some of its steps as if they had not failed. */
const reopening =
  (steps: readonly string[], editedStep?: string, parameters: Readonly<Record<string, unknown>> = {}): RunEdit =>
  (run) => ({
    ...run,
    status: 'running',
    isHeld: false,
    steps: run.steps.map((record) =>
      steps.includes(record.id)
        ? {
            ...record,
            ...{ refused: {}, error: null, isAccepted: false },
            overrides: record.id === editedStep ? { ...record.overrides, ...parameters } : record.overrides,
          }
        : record,
    ),
  });
