import { Injectable } from '@nestjs/common';
import { FINAL_WORKFLOW_STATUSES, type WorkflowEvent } from '@reelay/contracts';
import { compileTemplate, newRecord, type CompiledTemplate } from '@reelay/domain';
import {
  cancelJobs,
  insertJobs,
  insertWorkflow,
  lockWorkflows,
  readDefinitions,
  readRuns,
  saveRuns,
  type ActedJob,
  type ChangedJob,
  type NewJob,
  type NewWorkflow,
  type RunChange,
  type StoredRun,
} from '@reelay/persistence';
import { DataSource, type EntityManager } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { JobParameters } from '../jobs/job-parameters.js';
import { JobChanges } from '../live/job-changes.js';
import { WorkflowEventsPublisher } from '../live/workflow-events.publisher.js';
import { decide, type Decision } from './decide.js';

/** What advancing workflows did: it is told when it is committed. */
export interface Advanced {
  readonly changed: readonly ChangedJob[];
  readonly stopped: readonly ActedJob[];
  readonly events: readonly Omit<WorkflowEvent, 'at'>[];
}

/** A run with what a person decided of it, before it is planned; itself when nothing is to be done. */
export type RunEdit = (run: StoredRun) => StoredRun;

/** Compiled templates of runs that are kept: each is looked at with every job that ends. */
const KEPT_TEMPLATES = 500;

/** Carries workflows on: locks them, plans, stores what the plan says, all in one transaction. */
@Injectable()
export class WorkflowEngine {
  private readonly compiled = new Map<string, CompiledTemplate>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly parameters: JobParameters,
    private readonly changes: JobChanges,
    private readonly broker: Broker,
    private readonly events: WorkflowEventsPublisher,
  ) {}

  /**
   * Applies something to jobs of workflows, and what follows from it, in one transaction. Nothing of it is there before
   * all of it is.
   * @param apply what happens to the jobs; the workflows are locked
   */
  async applyWith<T extends ChangedJob>(
    workflowIds: readonly string[],
    apply: (manager: EntityManager) => Promise<T[]>,
    edit?: RunEdit,
  ): Promise<T[]> {
    const outcome = await this.dataSource.transaction(async (manager) => {
      const ids = await lockWorkflows(manager, [...new Set(workflowIds)]);
      const applied = await apply(manager);
      return { applied, advanced: await this.advance(manager, ids, edit) };
    });
    this.changes.report(outcome.applied);
    this.tell(outcome.advanced);
    return outcome.applied;
  }

  /** Carries on what waited for jobs that came to their end without an answer. */
  async followUp(ended: readonly ChangedJob[]): Promise<void> {
    const ids = new Set(ended.flatMap(({ workflowId }) => workflowId ?? []));
    // One by one: each is short, and none waits for another's lock while it holds one.
    for (const id of ids) await this.carryOn(id);
  }

  /** Looks at one workflow again, and carries it on where there is something to do. */
  async carryOn(id: string, edit?: RunEdit): Promise<void> {
    await this.applyWith([id], () => Promise.resolve([]), edit);
  }

  /** Stores a run and begins it. @param manager of a transaction; call `tell` when it is committed */
  async start(manager: EntityManager, workflow: NewWorkflow): Promise<Advanced> {
    await insertWorkflow(manager, workflow);
    const { id } = workflow;
    const steps = workflow.definition.steps.map((step) => newRecord(step.id));
    await saveRuns(manager, [{ id, status: 'running', isHeld: false, error: null, output: null, steps }]);
    const advanced = await this.advance(manager, [id]);
    const begun = { workflowId: id, template: `${workflow.template}@${String(workflow.version)}` };
    return { ...advanced, events: [{ ...begun, status: 'running' }, ...advanced.events] };
  }

  /** Plans workflows that are locked, and stores what follows. */
  async advance(manager: EntityManager, ids: readonly string[], edit: RunEdit = (run) => run): Promise<Advanced> {
    const decided: { run: StoredRun; edited: StoredRun; decision: Decision }[] = [];
    if (ids.length > 0) {
      for (const run of await readRuns(manager, ids)) {
        const edited = edit(run);
        if (edited === run && isFinal(run)) continue;
        const compiled = await this.compiledOf(manager, run.id);
        decided.push({ run, edited, decision: await decide(manager, this.parameters, compiled, edited) });
      }
    }
    return this.store(manager, decided);
  }

  /** Tells workers, and whoever watches, what was committed. */
  tell({ changed, stopped, events }: Advanced): void {
    this.changes.report(changed);
    for (const { attemptId, instanceId } of stopped) {
      if (attemptId === null || instanceId === null) continue;
      this.broker.tell(instanceId, { type: 'stop_process', job_id: attemptId });
    }
    this.events.publish(events);
  }

  /** The template of a run: it never changes. */
  async compiledOf(manager: EntityManager, id: string): Promise<CompiledTemplate> {
    const known = this.compiled.get(id);
    if (known) return known;
    const definition = (await readDefinitions(manager, [id])).get(id);
    if (!definition) throw new Error(`there is no workflow ${id}`);
    const compiled = compileTemplate(definition);
    if (this.compiled.size >= KEPT_TEMPLATES) this.compiled.clear();
    this.compiled.set(id, compiled);
    return compiled;
  }

  private async store(
    manager: EntityManager,
    decided: readonly { run: StoredRun; edited: StoredRun; decision: Decision }[],
  ): Promise<Advanced> {
    const cancelled = decided.flatMap(({ decision }) => decision.plan.cancelJobs);
    const stopped = cancelled.length > 0 ? await cancelJobs(manager, cancelled) : [];
    const created = await insertAll(
      manager,
      decided.flatMap(({ decision }) => decision.jobs),
    );
    const changes = decided.map(changeOf);
    if (changes.length > 0) await saveRuns(manager, changes);
    return {
      changed: [...stopped, ...created],
      stopped,
      events: decided.flatMap(({ run }, index) => eventsOf(run, changes[index])),
    };
  }
}

const isFinal = ({ status }: StoredRun): boolean => FINAL_WORKFLOW_STATUSES.some((final) => final === status);

async function insertAll(manager: EntityManager, jobs: readonly NewJob[]): Promise<ChangedJob[]> {
  if (jobs.length === 0) return [];
  const rows = await insertJobs(manager, jobs);
  return rows.map(({ id }, index) => {
    const { type = '', workflowId = null } = jobs[index] ?? {};
    return { id, type, status: 'pending', progress: 0, workflowId };
  });
}

/** What is written of a run: what the plan changed, and what a person did. */
function changeOf({ run, edited, decision }: { run: StoredRun; edited: StoredRun; decision: Decision }): RunChange {
  const before = new Set(run.steps);
  const byPerson = edited.steps.filter((record) => !before.has(record));
  const steps = new Map([...byPerson, ...decision.steps].map((record) => [record.id, record]));
  const { status, error, output } = decision.plan;
  return { id: run.id, status, isHeld: edited.isHeld && status === 'held', error, output, steps: [...steps.values()] };
}

/** Each step whose state is another now, in the order of the template's steps; then the run itself. */
function eventsOf(run: StoredRun, change: RunChange | undefined): Omit<WorkflowEvent, 'at'>[] {
  if (!change) return [];
  const told = new Map(run.steps.map(({ id, status }) => [id, status]));
  const event = { workflowId: run.id, template: run.template, status: change.status };
  const ofSteps = change.steps
    .filter(({ id, status }) => told.get(id) !== status)
    .map(({ id, status }) => ({ ...event, step: id, stepStatus: status }));
  return change.status === run.status ? ofSteps : [...ofSteps, event];
}
