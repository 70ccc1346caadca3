import type { JobEvent, JobPage, WorkflowEvent, WorkflowPage } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { jobOf, stepStates, StepWorker, work, WorkflowApi, WORKFLOWS } from '../support/workflows.js';

let reelay: Reelay;
let worker: StepWorker;
let workflows: WorkflowApi;

beforeAll(async () => {
  reelay = await startReelay();
  worker = await StepWorker.start(reelay);
  workflows = new WorkflowApi(reelay);
});
afterAll(async () => {
  await worker.stop();
  await reelay.stop();
});

const after = (...needs: string[]): { needs: string[] } => ({ needs });

describe('a workflow', () => {
  it('runs its steps one after the other and answers with its output', async () => {
    const id = await workflows.run(
      [
        work('first', { parameters: { gives: { size: '${input.size}' } } }),
        work('second', { parameters: { gives: { twice: '${steps.first.result.size * 2}' }, makes: ['out/second'] } }),
      ],
      {
        input: { size: { type: 'integer' } },
        output: { twice: '${steps.second.result.twice}', paths: '${steps.second.destinationPaths}' },
      },
      { size: 21 },
    );
    const run = await workflows.until(id, 'completed');
    expect(run).toMatchObject({ output: { twice: 42, paths: ['out/second'] }, progress: 100, error: null });
    expect(stepStates(run)).toEqual({ first: 'completed', second: 'completed' });
    expect(run.edges).toEqual([{ from: 'first', to: 'second' }]);
    expect(await reelay.api.job(jobOf(run, 'second'))).toMatchObject({
      ...{ workflowId: id, workflowStep: 'second', workflowBranch: 0, priority: 4, status: 'completed' },
    });
  });

  it('fans out over a list and joins its jobs in their order, whichever ends first', async () => {
    const each = work('each', {
      forEach: '${input.names}',
      parameters: { name: '${item}', gate: '${item}', gives: { at: '${index}' } },
    });
    const join = work('join', { parameters: { gives: { all: '${steps.each.results[*].name}' } } });
    const more = { input: { names: { type: 'array' } }, output: '${steps.join.result.all}' };
    const id = await workflows.run([each, join], more, { names: ['f1', 'f2', 'f3'] });
    await eventually('all are at work', () => worker.runs('begun').filter((name) => /^f\d$/.test(name)).length === 3);
    for (const name of ['f3', 'f1']) {
      worker.open(name);
      await eventually(`${name} is done`, () => worker.runs('done').includes(name));
    }
    expect(stepStates(await workflows.get(id))).toEqual({ each: 'running', join: 'waiting' });
    worker.open('f2');
    expect((await workflows.until(id, 'completed')).output).toEqual(['f1', 'f2', 'f3']);
  });

  it('skips a step whose condition is false, and goes on with null in its place', async () => {
    const id = await workflows.run(
      [
        work('look', { parameters: { gives: { wanted: false } } }),
        work('maybe', { when: '${steps.look.result.wanted}' }),
        work('last', { parameters: { gives: { was: '${coalesce(steps.maybe.result.name, "skipped")}' } } }),
      ],
      { output: '${steps.last.result.was}' },
    );
    const run = await workflows.until(id, 'completed');
    expect(run.output).toBe('skipped');
    expect(stepStates(run)).toEqual({ look: 'completed', maybe: 'skipped', last: 'completed' });
    expect(run.steps[1]?.jobs).toEqual([]);
  });

  it('knows of videos what the step before has just reported', async () => {
    const id = await workflows.run([
      work('report', { parameters: { pathOf: 'library/new.mp4' } }),
      { id: 'look', job: 'probe', parameters: { inputPath: 'library/new.mp4' }, needs: ['report'] },
    ]);
    const run = await workflows.untilStep(id, 'look', 'running');
    expect((await reelay.api.job(jobOf(run, 'report'))).result).toEqual({ name: 'report' });
    const { body } = await reelay.api.call<{ data: { id: string }[] }>('GET', '/api/media/videos?q=new');
    expect(body.data).toHaveLength(1);
    await workflows.act(id, 'cancel');
  });

  it('tells its changes and those of its jobs on a stream, from the state that it is in to its end', async () => {
    const id = await workflows.run([work('told', { parameters: { gate: 'told' } }), work('then', after('told'))]);
    const stream = await EventStream.open(`${reelay.api.url}${WORKFLOWS}/${id}/events`, reelay.stack.token);
    const told = (): WorkflowEvent[] =>
      stream.events.filter(({ type }) => type === 'workflow').map(({ data }) => data as WorkflowEvent);
    await eventually('the stream begins', () => told().length === 1);
    worker.open('told');
    await eventually('the end is told', () => told().some(({ status, step }) => status === 'completed' && !step));
    stream.close();
    expect(told().map(({ status, step, stepStatus }) => [status, step, stepStatus].filter(Boolean).join(' '))).toEqual([
      'running',
      'running told completed',
      'running then running',
      'completed then completed',
      'completed',
    ]);
    const ofJobs = stream.events.filter(({ type }) => type === 'job').map(({ data }) => data as JobEvent);
    expect(new Set(ofJobs.map(({ workflowId }) => workflowId))).toEqual(new Set([id]));
    const run = await workflows.get(id);
    const statuses = (step: string) =>
      ofJobs.filter((event) => event.id === jobOf(run, step)).map(({ status }) => status);
    expect(statuses('told').at(-1)).toBe('completed');
    expect([statuses('then')[0], statuses('then').at(-1)]).toEqual(['pending', 'completed']);

    const begun = stream.events.findIndex(({ data }) => (data as WorkflowEvent).step === 'then');
    const again = await EventStream.open(
      `${reelay.api.url}${WORKFLOWS}/${id}/events`,
      reelay.stack.token,
      stream.events[begun]?.id ?? '',
    );
    const missed = stream.events.slice(begun + 1);
    await eventually('what was missed is told again', () => again.events.length >= missed.length);
    again.close();
    expect(again.events).toEqual(missed);
  });

  it('shows its jobs by their own list, and itself by filters and pages', async () => {
    const template = await workflows.template([work('listed')], { input: { n: { type: 'integer' } } });
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push(await workflows.start(template, { n }));
    for (const id of ids) await workflows.until(id, 'completed');
    const jobs = await reelay.api.call<JobPage>('GET', `/api/media/jobs?workflowId=${ids[0]!}`);
    expect(jobs.body.data).toMatchObject([{ workflowId: ids[0], workflowStep: 'listed' }]);
    expect(jobs.body.pagination.total).toBe(1);

    const page = async (query: string): Promise<WorkflowPage> =>
      (await reelay.api.call<WorkflowPage>('GET', `${WORKFLOWS}?template=${template}&${query}`)).body;
    const first = await page('limit=2&status=completed');
    expect(first.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(first.pagination).toMatchObject({ page: 1, total: 3, totalPages: 2, totalExact: true });
    const second = await page(`limit=2&status=completed&cursor=${first.pagination.nextCursor!}`);
    expect(second.data.map(({ id }) => id)).toEqual([ids[0]]);
    expect(second.pagination).toMatchObject({ page: null, nextCursor: null });
    expect((await page('sort=createdAt&limit=1&page=2')).data.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await page('status=running,held')).data).toEqual([]);
    const bad = await reelay.api.problem('GET', `${WORKFLOWS}?cursor=nonsense`);
    expect([bad.status, bad.body.code]).toEqual([400, 'CURSOR_INVALID']);
  });
});

describe('starting a workflow', () => {
  it('is done once for one Idempotency-Key', async () => {
    const template = await workflows.template([work('once')]);
    const start = (body: object) =>
      fetch(`${reelay.api.url}${WORKFLOWS}`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${reelay.stack.token}`, 'content-type': 'application/json' },
          'idempotency-key': 'start-once',
        },
        body: JSON.stringify(body),
      });
    const answers = await Promise.all(Array.from({ length: 10 }, () => start({ template })));
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
    expect(new Set(ids).size).toBe(1);
    expect((await start({ template, priority: 1 })).status).toBe(422);
    await workflows.until(ids[0]!, 'completed');
    expect(worker.runs('done').filter((name) => name === 'once')).toHaveLength(1);
  });

  it.each([
    [{}, ['input']],
    [{ n: 'many' }, ['input.n']],
    [{ n: 11, id: 'x', more: 1 }, ['input', 'input.n', 'input.id']],
  ])('with inputs %j is refused with each fault', async (input, paths) => {
    const template = await workflows.template([work('never')], {
      input: { n: { type: 'integer', maximum: 10 }, id: { type: 'string', format: 'uuid', optional: true } },
    });
    const { status, body } = await reelay.api.problem('POST', WORKFLOWS, { template, input });
    expect([status, body.code]).toEqual([422, 'INVALID_INPUT']);
    expect(body.errors?.map(({ path }) => path).sort()).toEqual(paths.sort());
  });

  it('of a template that is not there is refused', async () => {
    const { status, body } = await reelay.api.problem('POST', WORKFLOWS, { template: 'nothing_such' });
    expect([status, body.code]).toEqual([422, 'TEMPLATE_NOT_FOUND']);
  });

  it('takes defaults for inputs that are left out', async () => {
    const more = { input: { n: { type: 'integer', default: 7 }, m: { optional: true } }, output: '${input}' };
    const run = await workflows.until(await workflows.run([work('defaults')], more), 'completed');
    expect(run).toMatchObject({ input: { n: 7 }, output: { n: 7 } });
  });

  it('gives its jobs its priority, and deeper ones a better one', async () => {
    const template = await workflows.template([
      work('p1', { parameters: { gate: 'p' } }),
      work('p2', { needs: ['p1'], priority: 9 }),
      work('p3', after('p2')),
    ]);
    worker.open('p');
    const run = await workflows.until(await workflows.start(template, {}, { priority: 2 }), 'completed');
    const jobs = await Promise.all(['p1', 'p2', 'p3'].map((step) => reelay.api.job(jobOf(run, step))));
    expect(jobs.map(({ priority }) => priority)).toEqual([2, 9, 1]);
  });
});
