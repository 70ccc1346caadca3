import { createJobBody, DEFAULT_MAX_RETRIES, MAX_BRANCHES } from '@reelay/contracts';
import {
  outcomesNeeded,
  planWorkflow,
  type CompiledTemplate,
  type NodeError,
  type NodeStart,
  type PlanFacts,
  type StepRecord,
  type WorkflowPlan,
} from '@reelay/domain';
import { readHosts, readOutcomes, type NewJob, type StoredRun } from '@reelay/persistence';
import type { EntityManager } from 'typeorm';
import { ApiError, malformed } from '../http/api-error.js';
import { faultsOf } from '../http/zod.pipe.js';
import type { JobParameters } from '../jobs/job-parameters.js';

/** What is done of a run: its plan, the jobs to store, and the steps that changed. */
export interface Decision {
  readonly plan: WorkflowPlan;
  readonly jobs: readonly NewJob[];
  readonly steps: readonly StepRecord[];
}

/** What plans of a run are made with. @param steps whose outcomes are asked for */
export async function readFacts(
  manager: EntityManager,
  compiled: CompiledTemplate,
  runId: string,
  steps: Iterable<string>,
): Promise<PlanFacts> {
  return {
    outcomes: await readOutcomes(manager, runId, [...steps]),
    hosts: await readHosts(manager, [...compiled.fleet]),
    maxBranches: MAX_BRANCHES,
  };
}

/**
 * Decides what a run does next. A job that cannot be made is a failure of its step, from which something else may
 * follow: it is planned again until every job that is to start can.
 */
export async function decide(
  manager: EntityManager,
  parameters: JobParameters,
  compiled: CompiledTemplate,
  run: StoredRun,
): Promise<Decision> {
  const facts = await readFacts(manager, compiled, run.id, outcomesNeeded(compiled, run));
  const prepared = new Map<NodeStart['step'], Map<number, NewJob | NodeError>>();
  let current = run;
  for (;;) {
    const plan = planWorkflow(compiled, current, facts);
    let refusals = 0;
    for (const start of plan.start) {
      const ofStep = prepared.get(start.step) ?? new Map<number, NewJob | NodeError>();
      prepared.set(start.step, ofStep);
      if (ofStep.has(start.branch)) continue;
      const outcome = await prepareNode(manager, parameters, run.id, start);
      ofStep.set(start.branch, outcome);
      if (!isJob(outcome)) refusals++;
    }
    if (refusals === 0) return conclude(run, current, plan, prepared);
    current = { ...current, steps: current.steps.map((record) => withRefusals(record, plan, prepared.get(record.id))) };
  }
}

const isJob = (outcome: NewJob | NodeError | undefined): outcome is NewJob =>
  outcome !== undefined && 'type' in outcome;

function conclude(
  run: StoredRun,
  current: StoredRun,
  plan: WorkflowPlan,
  prepared: ReadonlyMap<string, ReadonlyMap<number, NewJob | NodeError>>,
): Decision {
  const before = new Set<StepRecord>(run.steps);
  const refused = current.steps.filter((record) => !before.has(record));
  const steps = new Map([...refused, ...plan.records].map((record) => [record.id, record]));
  const jobs = plan.start.map(({ step, branch }) => prepared.get(step)?.get(branch)).filter(isJob);
  return { plan, jobs, steps: [...steps.values()] };
}

/** The step has begun, and some of its jobs cannot be made. */
function withRefusals(
  record: StepRecord,
  plan: WorkflowPlan,
  outcomes: ReadonlyMap<number, NewJob | NodeError> = new Map(),
): StepRecord {
  const refused = [...outcomes].flatMap(([branch, outcome]) => (isJob(outcome) ? [] : [[String(branch), outcome]]));
  if (refused.length === 0) return record;
  const planned = plan.records.find(({ id }) => id === record.id) ?? record;
  return {
    ...record,
    branches: planned.branches,
    refused: { ...record.refused, ...(Object.fromEntries(refused) as Record<string, NodeError>) },
  };
}

/** A job of a step goes the way of every job that is submitted. */
async function prepareNode(
  manager: EntityManager,
  parameters: JobParameters,
  workflowId: string,
  { step, branch, job, priority, maxRetries, target, parameters: params }: NodeStart,
): Promise<NewJob | NodeError> {
  try {
    const body = createJobBody.safeParse({
      ...{ type: job, params, priority, maxRetries: maxRetries ?? DEFAULT_MAX_RETRIES },
      ...(target === null ? {} : { target }),
    });
    if (!body.success) throw malformed(faultsOf(body.error));
    const prepared = await parameters.prepare(body.data, manager);
    return { ...prepared, workflowId, workflowStep: step, workflowBranch: branch };
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, message: error.message };
    throw error;
  }
}
