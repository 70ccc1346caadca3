import type { StepStatus, WorkflowStatus } from '@reelay/contracts';
import type { CompiledStep, CompiledTemplate } from './compile.js';
import { evaluate, fillIn, type Scope } from './evaluate.js';
import { EvaluationError, isTrue, show } from './functions.js';
import {
  isOpen,
  isWhole,
  stateOf,
  type NodeError,
  type NodeJob,
  type NodeOutcome,
  type StepRecord,
  type StepState,
  type WorkflowRun,
} from './run.js';

/** A job to be made. */
export interface NodeStart {
  readonly step: string;
  readonly branch: number;
  readonly job: string;
  readonly parameters: Record<string, unknown>;
  readonly priority: number;
  readonly maxRetries: number | null;
  readonly target: string | null;
}

/** Why a run ended or is held, and where. */
export interface WorkflowError extends NodeError {
  readonly step: string | null;
  readonly branch: number | null;
}

/** What follows from where a run stands. */
export interface WorkflowPlan {
  readonly status: WorkflowStatus;
  readonly start: readonly NodeStart[];
  /** Records of steps that changed. */
  readonly records: readonly StepRecord[];
  /** Ids of jobs that are to stop. */
  readonly cancelJobs: readonly string[];
  readonly error: WorkflowError | null;
  readonly output: unknown;
}

/** What a plan is made with, beside the run. */
export interface PlanFacts {
  /** What the completed jobs left of the steps that `outcomesNeeded` names. */
  readonly outcomes: readonly NodeOutcome[];
  /** Live hosts by job type. */
  readonly hosts: Readonly<Record<string, number>>;
  /** Most jobs of one forEach. */
  readonly maxBranches: number;
}

/** The smallest number is the highest priority. */
const HIGHEST_PRIORITY = 1;
/** How many levels better the jobs of deep steps are, at most: what has begun ends before more begins. */
const MOST_LEVELS = 3;

/** How each step of a run stands. */
export function statesOf({ steps, template }: CompiledTemplate, run: WorkflowRun): Map<string, StepState> {
  const jobs = new Map<string, NodeJob[]>();
  for (const job of run.jobs) {
    const ofStep = jobs.get(job.step);
    if (ofStep) ofStep.push(job);
    else jobs.set(job.step, [job]);
  }
  const records = new Map(run.steps.map((record) => [record.id, record]));
  return new Map(
    template.steps.map(({ id }) => {
      const record = records.get(id) ?? newRecord(id);
      return [id, stateOf(record, jobs.get(id) ?? [], steps.get(id)?.step.onError ?? 'fail')];
    }),
  );
}

/** What is stored of a step before it begins. */
export const newRecord = (id: string): StepRecord => ({
  ...{ id, status: 'waiting', skipped: false, branches: null, refused: {}, error: null, isAccepted: false },
  overrides: {},
});

/**
 * The steps whose outcomes a plan needs; empty while nothing can begin or end, so that what many jobs left is not read
 * each time one of them is over.
 */
export function outcomesNeeded(compiled: CompiledTemplate, run: WorkflowRun): Set<string> {
  const states = statesOf(compiled, run);
  const isSettled = (id: string): boolean => states.get(id)?.isSettled ?? false;
  const waiting = compiled.order.filter(({ step }) => states.get(step.id)?.status === 'waiting');
  const unfinished = compiled.order.filter(({ step }) => {
    const state = states.get(step.id);
    return state ? hasMissing(state) : false;
  });
  const begins = unfinished.length > 0 || waiting.some(({ needs }) => needs.every(isSettled));
  if (!begins && ![...states.values()].every((state) => state.isSettled)) return new Set();
  const wanted = [...waiting, ...unfinished].flatMap(({ refersTo }) => [...refersTo]);
  return new Set([...wanted, ...compiled.outputRefersTo].filter(isSettled));
}

/** Whether a step has begun, and some of its jobs are still to be made. */
const hasMissing = ({ record, jobs }: StepState): boolean => record.branches !== null && !isWhole(record, jobs);

/**
 * What a run does next. Pure, and the same when it is asked again: what was begun is not begun a second time, and a run
 * that is over stays as it is.
 */
export function planWorkflow(compiled: CompiledTemplate, run: WorkflowRun, facts: PlanFacts): WorkflowPlan {
  return new Planner(compiled, run, facts).plan();
}

/**
 * The parameters of one job of a run that has begun, evaluated again with what a person put in their place.
 * @throws {EvaluationError}
 */
export function parametersOf(
  compiled: CompiledTemplate,
  run: WorkflowRun,
  facts: PlanFacts,
  { step, branch }: { readonly step: string; readonly branch: number },
): Record<string, unknown> {
  return new Planner(compiled, run, facts).parametersOf(step, branch);
}

const nothing = (status: WorkflowStatus): WorkflowPlan => ({
  ...{ status, start: [], records: [], cancelJobs: [], error: null, output: null },
});
const NOTHING = { completed: nothing('completed'), failed: nothing('failed') };

/** What becomes of steps that are not over when their run ends early. */
const AT_THE_END: Readonly<Partial<Record<StepStatus, StepStatus>>> = {
  waiting: 'cancelled',
  running: 'cancelled',
  held: 'failed',
};

const branchScope = (scope: Scope, { forEach }: CompiledStep, branch: number, items: readonly unknown[]): Scope =>
  forEach ? { ...scope, item: items[branch] ?? null, index: branch } : scope;

class Planner {
  private readonly states: Map<string, StepState>;
  private readonly outcomes = new Map<string, NodeOutcome[]>();
  private readonly changed = new Map<string, StepRecord>();
  private readonly start: NodeStart[] = [];

  constructor(
    private readonly compiled: CompiledTemplate,
    private readonly run: WorkflowRun,
    private readonly facts: PlanFacts,
  ) {
    this.states = statesOf(compiled, run);
    for (const outcome of facts.outcomes) {
      const ofStep = this.outcomes.get(outcome.step);
      if (ofStep) ofStep.push(outcome);
      else this.outcomes.set(outcome.step, [outcome]);
    }
    for (const ofStep of this.outcomes.values()) ofStep.sort((a, b) => a.branch - b.branch);
  }

  plan(): WorkflowPlan {
    const { status } = this.run;
    if (status === 'completed' || status === 'failed') return NOTHING[status];
    if (status === 'cancelled') return this.result(status, null, null);
    if (this.mayStart()) for (const step of this.compiled.order) this.begin(step);
    const failed = this.firstWith('failed', (state) => !state.isSettled);
    if (failed) return this.fail(failed);
    const held = this.firstWith('held');
    if (held || this.run.isHeld) return this.result('held', held, null);
    if (![...this.states.values()].every(({ isSettled }) => isSettled)) return this.result('running', null, null);
    try {
      return this.result('completed', null, fillIn(this.compiled.output, this.scope()));
    } catch (error) {
      return this.fail({ ...errorOf(error, 'OUTPUT_FAILED'), step: null, branch: null });
    }
  }

  parametersOf(id: string, branch: number): Record<string, unknown> {
    const step = this.compiled.steps.get(id);
    if (!step) throw new EvaluationError(`there is no step ${id}`);
    const scope = this.scope();
    return this.parameters(step, branchScope(scope, step, branch, this.itemsOf(step, scope)));
  }

  private mayStart(): boolean {
    return !this.run.isHeld && !this.firstWith('held') && !this.firstWith('failed', (state) => !state.isSettled);
  }

  /** Begins a step if all that it needs is settled: it is skipped, or those of its jobs are made that are missing. */
  private begin(step: CompiledStep): void {
    const { status, record, jobs } = this.stateOf(step.step.id);
    const isNext = status === 'waiting' && step.needs.every((need) => this.stateOf(need).isSettled);
    if (!isNext && !hasMissing(this.stateOf(step.step.id))) return;
    try {
      const scope = this.scope();
      if (isNext && step.when?.kind === 'expression' && !isTrue(evaluate(step.when.expression, scope))) {
        this.note({ ...record, skipped: true });
        return;
      }
      const items = this.itemsOf(step, scope);
      const branches = record.branches ?? items.length;
      const made = new Set(jobs.map(({ branch }) => branch));
      const starts = Array.from({ length: branches }, (_, branch) => branch)
        .filter((branch) => !made.has(branch) && !Object.hasOwn(record.refused, branch))
        .map((branch) => this.startOf(step, branch, branchScope(scope, step, branch, items)));
      this.note({ ...record, branches });
      this.start.push(...starts);
    } catch (error) {
      this.note({ ...record, error: errorOf(error, 'EXPRESSION_FAILED') });
    }
  }

  private startOf(step: CompiledStep, branch: number, scope: Scope): NodeStart {
    const { id, job, priority, maxRetries } = step.step;
    const target = step.target ? fillIn(step.target, scope) : null;
    if (target !== null && typeof target !== 'string') throw new EvaluationError(`target ${show(target)} is no host`);
    const levels = Math.min(this.compiled.depths.get(id) ?? 0, MOST_LEVELS);
    return {
      ...{ step: id, branch, job, target, parameters: this.parameters(step, scope) },
      priority: priority ?? Math.max(HIGHEST_PRIORITY, this.run.priority - levels),
      maxRetries: maxRetries ?? null,
    };
  }

  private parameters(step: CompiledStep, scope: Scope): Record<string, unknown> {
    const filled = fillIn(step.parameters, scope) as Record<string, unknown>;
    const { overrides } = this.stateOf(step.step.id).record;
    return Object.fromEntries(Object.entries({ ...filled, ...overrides }).filter(([name]) => overrides[name] !== null));
  }

  /** One item for a step without forEach: it has one job. */
  private itemsOf({ forEach }: CompiledStep, scope: Scope): readonly unknown[] {
    if (!forEach) return [null];
    const items = fillIn(forEach, scope);
    if (!Array.isArray(items)) throw new EvaluationError(`forEach needs a list, not ${show(items)}`);
    if (items.length > this.facts.maxBranches) {
      const most = String(this.facts.maxBranches);
      throw new EvaluationError(`forEach makes ${most} jobs at most, and the list has ${String(items.length)} items`);
    }
    return items;
  }

  private scope(): Scope {
    const { id, input } = this.run;
    return { input, workflow: { id }, fleet: { hosts: this.hosts() }, steps: this.stepValues() };
  }

  /** A job type that nobody serves has no hosts. */
  private hosts(): Record<string, number> {
    return Object.fromEntries([...this.compiled.fleet].map((type) => [type, this.facts.hosts[type] ?? 0]));
  }

  /** What expressions see of the steps. */
  private stepValues(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.states].map(([id, { status, failures }]) => {
        const outcomes = this.outcomes.get(id) ?? [];
        const isForEach = this.compiled.steps.get(id)?.forEach !== null;
        return [
          id,
          {
            status,
            ...(isForEach ? { results: outcomes.map(({ result }) => result) } : {}),
            result: isForEach ? null : (outcomes[0]?.result ?? null),
            destinationPaths: outcomes.flatMap(({ destinationPaths }) => destinationPaths),
            error: failures[0] ?? null,
            errors: failures,
          },
        ];
      }),
    );
  }

  private stateOf(id: string): StepState {
    const state = this.states.get(id);
    if (!state) throw new Error(`there is no step ${id}`);
    return state;
  }

  private note(record: StepRecord): void {
    const onError = this.compiled.steps.get(record.id)?.step.onError ?? 'fail';
    this.changed.set(record.id, record);
    this.states.set(record.id, stateOf(record, this.stateOf(record.id).jobs, onError));
  }

  private firstWith(status: StepStatus, and: (state: StepState) => boolean = () => true): WorkflowError | null {
    for (const [step, state] of this.states) {
      if (state.status !== status || !and(state)) continue;
      const [{ branch, code, message } = { branch: 0, code: 'JOB_FAILED', message: '' }] = state.failures;
      return { code, message, step, branch: this.compiled.steps.get(step)?.forEach ? branch : null };
    }
    return null;
  }

  /** Nothing more begins, and what is open stops. What would have begun just now never was. */
  private fail(error: WorkflowError): WorkflowPlan {
    for (const { step } of this.start) {
      const before = this.run.steps.find(({ id }) => id === step) ?? newRecord(step);
      this.note(before);
    }
    this.start.length = 0;
    return this.result('failed', error, null);
  }

  private result(status: WorkflowStatus, error: WorkflowError | null, output: unknown): WorkflowPlan {
    const isOver = status === 'failed' || status === 'cancelled';
    const cancelJobs = isOver ? this.run.jobs.filter(isOpen).map(({ id }) => id) : [];
    return { status, start: this.start, records: this.records(isOver), cancelJobs, error, output };
  }

  /** What is stored of steps that changed, or whose state is another than was told last. */
  private records(isOver: boolean): StepRecord[] {
    return [...this.states].flatMap(([id, { record, status }]) => {
      const told = isOver ? (AT_THE_END[status] ?? status) : status;
      return this.changed.has(id) || record.status !== told ? [{ ...record, status: told }] : [];
    });
  }
}

const errorOf = (error: unknown, code: string): NodeError => {
  if (error instanceof EvaluationError) return { code, message: error.message };
  throw error;
};
