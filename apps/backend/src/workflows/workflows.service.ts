import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  FINAL_WORKFLOW_STATUSES,
  type RetryWorkflowBody,
  type StartedWorkflow,
  type StartWorkflowBody,
  type WorkflowDetail,
  type WorkflowTemplate,
  type WorkflowWebhook,
} from '@reelay/contracts';
import { inputsSchema, withDefaultInputs } from '@reelay/domain';
import { deleteWorkflows, findWorkflow, insertWebhook, lockWorkflows, type StoredRun } from '@reelay/persistence';
import { DataSource, type EntityManager } from 'typeorm';
import { Broker } from '../broker/broker.js';
import { ApiError, unprocessable } from '../http/api-error.js';
import { compileSchema } from '../http/json-schema.js';
import { writeOnce } from '../jobs/idempotency.js';
import { WebhookDeliverer } from '../webhooks/webhook-deliverer.js';
import { newSecret } from '../webhooks/webhook-message.js';
import { TemplatesService } from './templates.service.js';
import { WorkflowEngine, type RunEdit } from './workflow-engine.js';
import { WorkflowReader } from './workflow-reader.service.js';
import { workflowConflict, workflowNotFound } from './workflow-errors.js';
import { WorkflowRetries } from './workflow-retries.js';
import { toWorkflowSummary } from './workflow.view.js';

/** What a person does with workflows: starts, holds, resumes, cancels, retries and deletes them. */
@Injectable()
export class WorkflowsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly templates: TemplatesService,
    private readonly engine: WorkflowEngine,
    private readonly retries: WorkflowRetries,
    private readonly reader: WorkflowReader,
    private readonly broker: Broker,
    private readonly deliverer: WebhookDeliverer,
  ) {}

  /**
   * Stores a run and its first jobs, and whom it tells of itself.
   * @throws {ApiError} 422 for a template that is not there, or inputs that do not fit
   */
  async start(body: StartWorkflowBody, key?: string): Promise<StartedWorkflow> {
    const { name, version, definition } = await this.templateOf(body.template);
    const input = checkedInput(definition, body.input);
    const { priority } = body;
    return writeOnce(this.dataSource, { route: 'workflow', key, body }, (outer) =>
      // With a key there is a transaction already, of which this is a part.
      outer.transaction(async (manager) => {
        const id = randomUUID();
        // Whoever is to be told is there before there is anything to tell.
        await this.broker.declareNotifyQueues('workflow', body.notifyQueue ? [id] : []);
        const webhooks = await addWebhooks(manager, id, body.webhooks);
        const advanced = await this.engine.start(manager, { id, template: name, version, definition, input, priority });
        const row = await findWorkflow(manager, id);
        if (!row) throw new Error('the run is not there');
        return {
          answer: { ...toWorkflowSummary(row), webhooks },
          afterCommit: () => {
            this.engine.tell(advanced);
            if (webhooks.length > 0) this.deliverer.wake();
          },
        };
      }),
    );
  }

  /** Cancels all that is not over. @throws {ApiError} 404, 409 when it is over */
  cancel(id: string): Promise<WorkflowDetail> {
    return this.change(id, 'cancelled', (run) => ({ ...run, status: 'cancelled', isHeld: false }));
  }

  /** Begins nothing more; what runs goes on. @throws {ApiError} 404, 409 when it is over */
  hold(id: string): Promise<WorkflowDetail> {
    return this.change(id, 'held', (run) => ({ ...run, isHeld: true }));
  }

  /** Goes on, without what failed where that held it. @throws {ApiError} 404, 409 when it is not held */
  resume(id: string): Promise<WorkflowDetail> {
    return this.change(id, 'resumed', (run) => {
      if (run.status !== 'held') throw workflowConflict(run.status, 'resumed');
      const accept = (record: StoredRun['steps'][number]): typeof record =>
        record.status === 'held' ? { ...record, isAccepted: true } : record;
      return { ...run, status: 'running', isHeld: false, steps: run.steps.map(accept) };
    });
  }

  /** Tries again what failed. @throws {ApiError} 404, 409 when nothing did, 422 for parameters that do not fit */
  async retry(id: string, body: RetryWorkflowBody): Promise<WorkflowDetail> {
    let edit: RunEdit = (run) => run;
    await this.engine.applyWith(
      [id],
      async (manager) => {
        const retry = await this.retries.retryRun(manager, id, body);
        edit = retry.edit;
        return retry.acted;
      },
      (run) => edit(run),
    );
    return this.reader.get(id);
  }

  /** Deletes a run with its jobs. @throws {ApiError} 404, 409 while it is not over */
  async remove(id: string): Promise<void> {
    const gone = await this.dataSource.transaction(async (manager) => {
      await lockWorkflows(manager, [id]);
      return deleteWorkflows(manager, [id]);
    });
    if (gone.length > 0) return;
    const { status } = await this.reader.require(id);
    throw workflowConflict(status, 'deleted');
  }

  private async change(id: string, what: string, edit: RunEdit): Promise<WorkflowDetail> {
    const found: string[] = [];
    await this.engine.carryOn(id, (run) => {
      found.push(run.id);
      if (FINAL_WORKFLOW_STATUSES.some((final) => final === run.status)) throw workflowConflict(run.status, what);
      return edit(run);
    });
    if (found.length === 0) throw workflowNotFound(id);
    return this.reader.get(id);
  }

  private async templateOf(reference: string) {
    return this.templates.find(reference).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      throw unprocessable(error.code, [{ path: 'template', message: error.message, code: 'not_found' }]);
    });
  }
}

async function addWebhooks(manager: EntityManager, workflowId: string, webhooks: readonly WorkflowWebhook[]) {
  const added: StartedWorkflow['webhooks'] = [];
  for (const { url, events } of webhooks) {
    const secret = newSecret();
    const settings = { url, events, secret, description: '', jobTypes: null, enabled: true };
    added.push({ id: await insertWebhook(manager, settings, workflowId), url, secret });
  }
  return added;
}

/** What was given, with the defaults. @throws {ApiError} 422 with each fault */
function checkedInput(template: WorkflowTemplate, given: Record<string, unknown>): Record<string, unknown> {
  const input = withDefaultInputs(template, given);
  const faults = compileSchema(inputsSchema(template), { formats: true })(input);
  if (faults.length === 0) return input;
  const named = faults.map(({ path, message, code }) => ({ path: `input${path}`, message, code }));
  throw unprocessable('INVALID_INPUT', named);
}
