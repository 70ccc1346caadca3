import type { Problem, TemplateCheck, TemplateDetail, TemplateSummary, TemplateView } from '@reelay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForeignWorker } from '../support/foreign-worker.js';
import { eventually } from '../support/eventually.js';
import { startReelay, type Reelay } from '../support/reelay.js';
import { TEMPLATES, WorkflowApi } from '../support/workflows.js';

let reelay: Reelay;

beforeAll(async () => {
  reelay = await startReelay();
});
afterAll(() => reelay.stop());

const probe = (id: string, more: object = {}): object => ({
  ...{ id, job: 'probe', parameters: { inputPath: 'library/a.mp4' } },
  ...more,
});
const create = (body: object) => reelay.api.call<TemplateView & Problem>('POST', TEMPLATES, body);
const check = async (body: unknown): Promise<TemplateCheck> =>
  (await reelay.api.call<TemplateCheck>('POST', `${TEMPLATES}/validate`, body)).body;

describe('the built-in templates', () => {
  it('are listed first, and cannot be changed', async () => {
    const { body } = await reelay.api.call<{ data: TemplateSummary[] }>('GET', TEMPLATES);
    const names = body.data.filter(({ builtIn }) => builtIn).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['ingest', 'transcode_and_thumbnail']));
    expect(body.data[0]).toMatchObject({ builtIn: true, createdAt: null });
    const changes = [
      await create({ name: 'ingest', steps: [probe('a')] }),
      await reelay.api.problem('PUT', `${TEMPLATES}/ingest`, { steps: [probe('a')] }),
      await reelay.api.problem('DELETE', `${TEMPLATES}/ingest`),
    ];
    expect(changes.map(({ status, body: { code } }) => `${String(status)} ${code}`)).toEqual(
      Array(3).fill('409 TEMPLATE_BUILT_IN'),
    );
  });
});

describe('a template of ours', () => {
  it('gets versions, of which runs and readers can name one, until it is deleted', async () => {
    expect((await create({ name: 'ours', steps: [probe('a')] })).body).toMatchObject({ name: 'ours', version: 1 });
    expect((await create({ name: 'ours', steps: [probe('a')] })).body.code).toBe('TEMPLATE_EXISTS');
    const put = (steps: object[]) => reelay.api.call<TemplateView>('PUT', `${TEMPLATES}/ours`, { steps });
    expect((await put([probe('a'), probe('b')])).body.version).toBe(2);
    expect((await put([probe('a'), probe('b')])).body.version).toBe(2);
    const show = async (reference: string) =>
      reelay.api.call<TemplateDetail & Problem>('GET', `${TEMPLATES}/${reference}`);
    expect((await show('ours')).body).toMatchObject({ version: 2, versions: [2, 1] });
    expect((await show('ours@1')).body.definition.steps).toHaveLength(1);
    expect((await show('ours@3')).body.code).toBe('TEMPLATE_NOT_FOUND');

    const id = await new WorkflowApi(reelay).start('ours@1');
    expect((await reelay.api.call('DELETE', `${TEMPLATES}/ours`)).status).toBe(204);
    expect((await show('ours')).status).toBe(404);
    expect((await new WorkflowApi(reelay).get(id)).steps).toHaveLength(1);
    expect((await create({ name: 'ours', steps: [probe('a')] })).body.version).toBe(3);
  });

  it('is refused with every fault and its place', async () => {
    const { status, body } = await create({
      name: 'faulty',
      input: { path: { type: 'string' } },
      steps: [
        probe('a', { needs: ['b', 'nobody'] }),
        probe('b', { needs: ['a'], parameters: { inputPath: '${input.pth}', deep: true } }),
        probe('c', { when: '${steps.a.result.media.video.colour == 1}', forEach: '${steps.a.result.media}' }),
        { id: 'd', job: 'reencode_streaming', parameters: { crf: '${steps.a.result.media.container}' } },
      ],
      output: '${1 +}',
    });
    expect([status, body.code]).toEqual([422, 'TEMPLATE_INVALID']);
    expect(body.errors?.map(({ path, code }) => `${code} ${path}`).sort()).toEqual([
      'BAD_EXPRESSION output',
      'CYCLE steps[0].needs',
      'MISSING_PARAMETER steps[3].parameters.inputPath',
      'MISTYPED_REFERENCE steps[3].parameters.crf',
      'NOT_A_LIST steps[2].forEach',
      'UNKNOWN_INPUT steps[1].parameters.inputPath',
      'UNKNOWN_PARAMETER steps[1].parameters.deep',
      'UNKNOWN_REFERENCE steps[2].when',
      'UNKNOWN_STEP steps[0].needs[1]',
    ]);
    expect(body.errors?.find(({ code }) => code === 'CYCLE')?.message).toContain('a -> b -> a');
  });

  it('of 10,000 steps is refused at once, and the backend goes on answering', async () => {
    const steps = Array.from({ length: 10_000 }, (_, n) => ({ id: `s${String(n)}`, job: 'probe' }));
    const [answer, health] = await Promise.all([
      create({ name: 'huge', steps }),
      reelay.api.call('GET', '/health/live'),
    ]);
    expect([answer.status, answer.body.code, health.status]).toEqual([422, 'TEMPLATE_INVALID', 200]);
    expect(answer.body.errors).toMatchObject([{ path: 'steps', code: 'TOO_LARGE' }]);
  });

  it('of 500 steps that all need each other is checked whole', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `s${String(n)}`);
    const steps = names.map((id, n) => probe(id, { needs: names.slice(Math.max(0, n - 20), n) }));
    expect(await check({ name: 'dense', steps })).toEqual({ valid: true, errors: [], warnings: [] });
    expect(
      (await check({ name: 'dense', steps: [probe('s0', { needs: ['s499'] }), ...steps.slice(1)] })).errors,
    ).toHaveLength(1);
  });

  it.each([[null], ['text'], [[]], [{ name: 'x' }], [{ name: 'x', steps: [{ id: 'a', job: 'b', parameters: [] }] }]])(
    'that is %j is refused by its shape',
    async (body) => {
      const { valid, errors } = await check(body);
      expect([valid, errors.length > 0]).toEqual([false, true]);
    },
  );

  it('may use job types that are not there yet, with a warning; once announced they are checked', async () => {
    const source = { name: 'foreign', steps: [{ id: 'a', job: 'foreign_later', parameters: { source_path: 5 } }] };
    expect(await check(source)).toMatchObject({ valid: true, warnings: [{ code: 'UNKNOWN_JOB_TYPE' }] });
    const worker = await new ForeignWorker(reelay.amqpUrl, 'foreign_later', 'c0ffee0000aa').start();
    await eventually('the worker is announced', async () => (await reelay.api.workers()).length > 0);
    const { errors, warnings } = await check(source);
    expect(warnings).toEqual([]);
    expect(errors).toMatchObject([{ path: 'steps[0].parameters.source_path', code: 'INVALID_PARAMETERS' }]);
    await worker.stop();
  });
});
