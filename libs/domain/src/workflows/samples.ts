import type { JobStatus } from '@reelay/contracts';
import type { CompiledTemplate } from './compile.js';
import { newRecord, outcomesNeeded, planWorkflow, type NodeStart, type WorkflowPlan } from './plan.js';
import type { NodeError, NodeJob, NodeOutcome, StepRecord, WorkflowRun } from './run.js';

/** Most jobs of one forEach in a sample. */
const MOST = 20;

/** A run in memory, carried out as the engine does: it does what the plan says, and jobs end as the spec says. */
export class SampleRun {
  readonly started: NodeStart[] = [];
  /** How often it came into a final state. */
  ends = 0;
  plan!: WorkflowPlan;
  run: WorkflowRun;
  private readonly outcomes: NodeOutcome[] = [];

  constructor(
    private readonly compiled: CompiledTemplate,
    input: Record<string, unknown> = {},
    /** Why no job can be made of a start; null when it can. */
    private readonly refusal: (start: NodeStart) => NodeError | null = () => null,
  ) {
    const steps = compiled.template.steps.map(({ id }) => newRecord(id));
    this.run = { id: 'w', status: 'running', priority: 5, input, isHeld: false, steps, jobs: [] };
    this.advance();
  }

  /** Plans, and carries the plan out. */
  advance(): void {
    const needed = outcomesNeeded(this.compiled, this.run);
    const outcomes = this.outcomes.filter(({ step }) => needed.has(step));
    const before = this.run.status;
    const was = this.run;
    const refused = new Map<string, NodeError>();
    for (let known = -1; known < refused.size;) {
      known = refused.size;
      this.plan = planWorkflow(this.compiled, this.run, { outcomes, hosts: {}, maxBranches: MOST });
      for (const start of this.plan.start) {
        const reason = this.refusal(start);
        if (reason) refused.set(`${start.step} ${String(start.branch)}`, reason);
      }
      this.change({ steps: was.steps.map((record) => withRefusals(record, this.plan, refused)) });
    }
    const { start, records, cancelJobs, status } = this.plan;
    const changed = new Map(records.map((record) => [record.id, record]));
    const made = start.filter(({ step, branch }) => !refused.has(`${step} ${String(branch)}`));
    this.started.push(...made);
    this.change({
      status,
      steps: this.run.steps.map((record) => changed.get(record.id) ?? record),
      jobs: [
        ...this.run.jobs.map((job): NodeJob => (cancelJobs.includes(job.id) ? { ...job, status: 'cancelled' } : job)),
        ...made.map(({ step, branch }) => newJob(step, branch)),
      ],
    });
    if (status !== before && status !== 'running' && status !== 'held') this.ends++;
  }

  change(fields: Partial<WorkflowRun>): void {
    this.run = { ...this.run, ...fields };
  }

  /** Ends a job, and goes on. */
  end(step: string, status: JobStatus, result: Record<string, unknown> = {}, branch = 0): void {
    this.mark(step, status, result, branch);
    this.advance();
  }

  /** Ends a job without anybody noticing yet. */
  mark(step: string, status: JobStatus, result: Record<string, unknown> = {}, branch = 0): void {
    const error = status === 'failed' ? { code: 'BROKE', message: 'it broke' } : null;
    const isIt = (job: NodeJob): boolean => job.step === step && job.branch === branch;
    if (!this.run.jobs.some(isIt)) throw new Error(`there is no job ${step} ${String(branch)}`);
    this.change({ jobs: this.run.jobs.map((job) => (isIt(job) ? { ...job, status, error } : job)) });
    if (status === 'completed') this.outcomes.push({ step, branch, result, destinationPaths: [`${step}.mp4`] });
  }

  /** Names of the steps whose jobs were made, in their order. */
  get names(): string[] {
    return this.started.map(({ step }) => step);
  }

  /** The state of each step that was told. */
  get told(): Record<string, string> {
    return Object.fromEntries(this.run.steps.map(({ id, status }) => [id, status]));
  }
}

const newJob = (step: string, branch: number): NodeJob => ({
  ...{ id: `${step}-${String(branch)}`, step, branch, status: 'pending', error: null },
});

function withRefusals(record: StepRecord, plan: WorkflowPlan, refused: ReadonlyMap<string, NodeError>): StepRecord {
  const own = [...refused].filter(([key]) => key.startsWith(`${record.id} `));
  if (own.length === 0) return record;
  const planned = plan.records.find(({ id }) => id === record.id) ?? record;
  return {
    ...record,
    branches: planned.branches ?? record.branches,
    refused: Object.fromEntries(own.map(([key, reason]): [string, NodeError] => [key.split(' ')[1] ?? '', reason])),
  };
}
