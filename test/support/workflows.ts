import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TemplateView, WorkflowDetail, WorkflowStatus, WorkflowSummary } from '@reelay/contracts';
import { eventually } from './eventually.js';
import type { Reelay } from './reelay.js';
import { startTestWorker, type TestWorker } from './test-worker.js';

export const WORKFLOWS = '/api/media/workflows';
export const TEMPLATES = '/api/media/workflow-templates';

/** A step of the type `step_work`, whose job is named as the step. */
export const work = (id: string, more: { parameters?: object; [field: string]: unknown } = {}): object => ({
  ...{ id, job: 'step_work' },
  ...more,
  parameters: { name: id, ...more.parameters },
});

/** A worker of the type `step_work`, which notes on disk what it really did. */
export class StepWorker {
  private constructor(
    readonly service: TestWorker,
    private readonly file: string,
  ) {}

  /** Starts one, and waits until it is announced. */
  static async start(reelay: Reelay, { slots = 8, name = 'steps' } = {}): Promise<StepWorker> {
    const file = join(reelay.mediaRoot, `../runs-${name}`);
    const service = await startTestWorker(reelay, 'steps', name, {
      ...{ AMQP_URL: reelay.amqpUrl, WORKER_SLOTS: String(slots), RUNS_FILE: file },
    });
    await eventually('the worker is announced', async () =>
      (await reelay.api.workers()).some(({ instanceId, live }) => instanceId === name && live),
    );
    await reelay.api.call('PATCH', '/api/media/settings', { limits: { cpu: 1_000 } });
    return new StepWorker(service, file);
  }

  /** Lets the jobs go on that wait for a gate. */
  open(gate: string): void {
    writeFileSync(`${this.file}.${gate}`, '');
  }

  /** Names of the jobs that it did something with, in their order. */
  runs(what: 'begun' | 'done'): string[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { what: string; name: string })
      .filter((run) => run.what === what)
      .map(({ name }) => name);
  }

  stop(): Promise<void> {
    return this.service.stop();
  }
}

/** A client of the workflows' API, as any user would write one. */
export class WorkflowApi {
  private made = 0;

  constructor(private readonly reelay: Reelay) {}

  /** Makes a template of steps; each has a name of its own. */
  async template(steps: object[], more: object = {}): Promise<string> {
    const name = `t${String(++this.made)}_${String(process.pid)}`;
    const answer = await this.reelay.api.call<TemplateView>('POST', TEMPLATES, { name, steps, ...more });
    if (answer.status !== 201) throw new Error(`the template was answered with ${JSON.stringify(answer.body)}`);
    return name;
  }

  /** Starts a template that is there, and returns the id of the run. */
  async start(template: string, input: object = {}, more: object = {}): Promise<string> {
    const answer = await this.reelay.api.call<WorkflowSummary>('POST', WORKFLOWS, { template, input, ...more });
    if (answer.status !== 201) throw new Error(`the start was answered with ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  /** Makes a template and starts it. */
  async run(steps: object[], more: object = {}, input: object = {}): Promise<string> {
    return this.start(await this.template(steps, more), input);
  }

  async get(id: string): Promise<WorkflowDetail> {
    return (await this.reelay.api.call<WorkflowDetail>('GET', `${WORKFLOWS}/${id}`)).body;
  }

  /** Does something to a run, and returns the status of the answer. */
  async act(id: string, action: string, body?: object): Promise<number> {
    return (await this.reelay.api.call('POST', `${WORKFLOWS}/${id}/${action}`, body)).status;
  }

  /** Waits until a run is in a state. */
  until(id: string, status: WorkflowStatus, withinMs?: number): Promise<WorkflowDetail> {
    return eventually(
      `workflow ${id} is ${status}`,
      async () => {
        const run = await this.get(id);
        const over = ['completed', 'failed', 'cancelled'].includes(run.status);
        if (over && run.status !== status) throw new Error(`it is ${run.status}: ${JSON.stringify(run.error)}`);
        return run.status === status ? run : null;
      },
      withinMs,
    );
  }

  /** Waits until a step is in a state. */
  untilStep(id: string, step: string, status: string): Promise<WorkflowDetail> {
    return eventually(`step ${step} is ${status}`, async () => {
      const run = await this.get(id);
      return run.steps.find((one) => one.id === step)?.status === status ? run : null;
    });
  }
}

/** The state of each step of a run. */
export const stepStates = ({ steps }: WorkflowDetail): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, status }) => [id, status]));

/** The job of a step, or of one branch of it. */
export function jobOf({ steps }: WorkflowDetail, step: string, branch = 0): string {
  const id = steps.find((one) => one.id === step)?.jobs.find((job) => job.branch === branch)?.id;
  if (!id) throw new Error(`step ${step} has no job ${String(branch)}`);
  return id;
}
