import { workflowTemplate } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import { compileTemplate, type CompiledTemplate } from './compile.js';
import { parametersOf } from './plan.js';
import { SampleRun } from './samples.js';

const step = (id: string, more: object = {}) => ({ id, job: 'work', ...more });
const compile = (steps: object[], more: object = {}): CompiledTemplate =>
  compileTemplate(workflowTemplate.parse({ name: 'sample', steps, ...more }));
const after = (...needs: string[]): object => ({ needs });

describe('a run', () => {
  it('starts what needs nothing, then what needs that, and ends with its output', () => {
    const compiled = compile(
      [
        step('a', { parameters: { path: '${input.path}' } }),
        step('b', { parameters: { size: '${steps.a.result.size}', nothing: '${steps.a.result.no}' } }),
        step('c', after('a')),
        step('d', {
          parameters: { text: 'of ${join(concat(steps.b.destinationPaths, steps.c.destinationPaths), "+")}' },
        }),
      ],
      { input: { path: {} }, output: { size: '${steps.d.result.size + 1}' } },
    );
    const sample = new SampleRun(compiled, { path: 'x.mp4' });
    expect(sample.started).toMatchObject([{ step: 'a', parameters: { path: 'x.mp4' }, priority: 5 }]);
    sample.end('a', 'completed', { size: 7 });
    expect(sample.started.slice(1)).toMatchObject([
      { step: 'b', parameters: { size: 7 }, priority: 4 },
      { step: 'c', parameters: {}, priority: 4 },
    ]);
    sample.end('b', 'completed');
    expect(sample.names).toEqual(['a', 'b', 'c']);
    expect(sample.told).toEqual({ a: 'completed', b: 'completed', c: 'running', d: 'waiting' });
    sample.end('c', 'completed');
    expect(sample.started.at(-1)).toMatchObject({ step: 'd', parameters: { text: 'of b.mp4+c.mp4' }, priority: 3 });
    sample.end('d', 'completed', { size: 1 });
    expect(sample.plan).toMatchObject({ status: 'completed', output: { size: 2 }, start: [] });
  });

  it('gives deeper steps a better priority, by three levels at most, unless they state one', () => {
    const chain = ['b', 'c', 'd', 'e'].map((id, n) => step(id, after('abcd'[n]!)));
    const sample = new SampleRun(compile([step('a'), ...chain, step('f', { needs: ['e'], priority: 9 })]));
    for (const id of ['a', 'b', 'c', 'd', 'e']) sample.end(id, 'completed');
    expect(sample.started.map(({ priority }) => priority)).toEqual([5, 4, 3, 2, 2, 9]);
  });

  it('says an output that cannot be worked out', () => {
    const sample = new SampleRun(compile([step('a')], { output: '${steps.a.result.n / 0}' }));
    sample.end('a', 'completed', { n: 1 });
    expect(sample.plan).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_FAILED', step: null } });
  });
});

describe('a forEach', () => {
  const compiled = compile(
    [
      step('list'),
      step('each', { forEach: '${steps.list.result.items}', parameters: { n: '${item}', at: '${index}' } }),
      step('join', { parameters: { all: '${steps.each.results[*].n}' } }),
    ],
    { output: '${steps.join.result.all}' },
  );

  it('has a job for each item, and is joined in their order whichever ends first', () => {
    const sample = new SampleRun(compiled);
    sample.end('list', 'completed', { items: [10, 20, 30] });
    expect(sample.started.slice(1)).toMatchObject([
      { branch: 0, parameters: { n: 10, at: 0 } },
      { branch: 1, parameters: { n: 20, at: 1 } },
      { branch: 2, parameters: { n: 30, at: 2 } },
    ]);
    sample.end('each', 'completed', { n: 3 }, 2);
    sample.end('each', 'completed', { n: 1 }, 0);
    expect(sample.names).not.toContain('join');
    sample.end('each', 'completed', { n: 2 }, 1);
    expect(sample.started.at(-1)).toMatchObject({ step: 'join', parameters: { all: [1, 2, 3] } });
  });

  it('over nothing is over at once', () => {
    const sample = new SampleRun(compiled);
    sample.end('list', 'completed', { items: [] });
    expect(sample.started.at(-1)).toMatchObject({ step: 'join', parameters: { all: [] } });
    expect(sample.told.each).toBe('completed');
  });

  it.each([
    ['more than it may make', Array.from({ length: 21 }), /20 jobs at most, and the list has 21/],
    ['no list', 'abc', /needs a list, not "abc"/],
  ])('of %s fails the step', (_, items, message) => {
    const sample = new SampleRun(compiled);
    sample.end('list', 'completed', { items });
    expect(sample.plan).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED', step: 'each' } });
    expect(sample.plan.error?.message).toMatch(message);
  });

  it('makes the jobs that are missing, and no other, when it is asked again', () => {
    const sample = new SampleRun(compiled);
    sample.end('list', 'completed', { items: [1, 2, 3] });
    sample.change({ jobs: sample.run.jobs.filter(({ id }) => id !== 'each-1') });
    sample.started.length = 0;
    sample.advance();
    expect(sample.started).toMatchObject([{ step: 'each', branch: 1, parameters: { n: 2 } }]);
  });
});

describe('a step with when', () => {
  it('is skipped when it is false; what needs it runs all the same, with null for its result', () => {
    const compiled = compile([
      step('a'),
      step('b', { when: '${steps.a.result.wanted}' }),
      step('c', { parameters: { path: '${coalesce(steps.b.result.path, "none")}', was: '${steps.b.status}' } }),
      step('d', { needs: ['b'], when: "${steps.b.status == 'completed'}" }),
    ]);
    const sample = new SampleRun(compiled);
    sample.end('a', 'completed', { wanted: false });
    expect(sample.told).toEqual({ a: 'completed', b: 'skipped', c: 'running', d: 'skipped' });
    expect(sample.started.at(-1)).toMatchObject({ step: 'c', parameters: { path: 'none', was: 'skipped' } });
    sample.end('c', 'completed');
    expect(sample.plan.status).toBe('completed');
  });

  it('takes nothing for false, and refuses what is neither true nor false', () => {
    const compiled = compile([step('a'), step('b', { when: '${steps.a.result.wanted}' })]);
    const nothing = new SampleRun(compiled);
    nothing.end('a', 'completed');
    expect(nothing.plan.status).toBe('completed');
    const wrong = new SampleRun(compiled);
    wrong.end('a', 'completed', { wanted: 'yes' });
    expect(wrong.plan).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED', step: 'b' } });
  });
});

describe('a job that fails for good', () => {
  const graph = (onError: string): CompiledTemplate =>
    compile(
      [
        step('each', { forEach: [1, 2, 3], onError }),
        step('other'),
        step('after', { parameters: { ok: '${steps.each.results[*].n}', bad: '${steps.each.errors[*].branch}' } }),
        step('last', { needs: ['other', 'after'] }),
      ],
      { output: '${steps.each.status}' },
    );

  it('ends the workflow by default: what is open is cancelled, what waits never runs', () => {
    const sample = new SampleRun(graph('fail'));
    sample.end('each', 'completed', {}, 0);
    sample.end('each', 'failed', {}, 1);
    expect(sample.plan).toMatchObject({
      status: 'failed',
      error: { step: 'each', branch: 1, code: 'BROKE', message: 'it broke' },
      cancelJobs: ['each-2', 'other-0'],
    });
    expect(sample.told).toEqual({ each: 'failed', other: 'cancelled', after: 'cancelled', last: 'cancelled' });
    sample.advance();
    expect(sample.plan).toMatchObject({ status: 'failed', start: [], records: [], cancelJobs: [] });
  });

  it('with continue is gone without: the others are waited for, and it is told which failed', () => {
    const sample = new SampleRun(graph('continue'));
    sample.end('each', 'failed', {}, 1);
    expect(sample.told.each).toBe('running');
    sample.end('each', 'completed', { n: 3 }, 2);
    sample.end('each', 'cancelled', {}, 0);
    expect(sample.started.at(-1)).toMatchObject({ step: 'after', parameters: { ok: [3], bad: [0, 1] } });
    for (const id of ['other', 'after', 'last']) sample.end(id, 'completed');
    expect(sample.plan).toMatchObject({ status: 'completed', output: 'failed' });
  });

  it('with hold stops what follows until a person says how to go on; what runs goes on', () => {
    const sample = new SampleRun(graph('hold'));
    sample.end('each', 'failed', {}, 0);
    expect(sample.plan).toMatchObject({ status: 'held', error: { step: 'each', branch: 0 }, cancelJobs: [] });
    sample.end('each', 'completed', { n: 2 }, 1);
    sample.end('each', 'completed', { n: 3 }, 2);
    sample.end('other', 'completed');
    expect(sample.names).not.toContain('after');
    expect(sample.told.each).toBe('held');
    sample.change({ steps: sample.run.steps.map((record) => ({ ...record, isAccepted: record.id === 'each' })) });
    sample.advance();
    expect(sample.started.at(-1)).toMatchObject({ step: 'after', parameters: { ok: [2, 3], bad: [0] } });
    expect(sample.plan.status).toBe('running');
  });

  it('with hold goes on by itself once the job was retried', () => {
    const sample = new SampleRun(graph('hold'));
    sample.end('each', 'failed', {}, 0);
    sample.end('each', 'pending', {}, 0);
    expect(sample.plan).toMatchObject({ status: 'running', error: null });
    for (const branch of [0, 1, 2]) sample.end('each', 'completed', {}, branch);
    expect(sample.names).toContain('after');
  });
});

describe('a job that cannot be made', () => {
  const refusal = { code: 'VIDEO_NOT_FOUND', message: 'there is no video' };
  const graph = (onError: string): CompiledTemplate =>
    compile([
      step('a', { forEach: [1, 2], onError }),
      step('b'),
      step('c', { parameters: { bad: '${steps.a.errors}' } }),
    ]);
  const refusing = (onError: string): SampleRun =>
    new SampleRun(graph(onError), {}, (start) => (start.step === 'a' && start.branch === 1 ? refusal : null));

  it('fails its branch, and the workflow before anything of it begins', () => {
    const sample = refusing('fail');
    expect(sample.plan).toMatchObject({ status: 'failed', error: { step: 'a', branch: 1, ...refusal } });
    expect(sample.started).toEqual([]);
  });

  it('is gone without where the step says so', () => {
    const sample = refusing('continue');
    expect(sample.names).toEqual(['a', 'b']);
    sample.end('a', 'completed');
    expect(sample.started.at(-1)).toMatchObject({ step: 'c', parameters: { bad: [{ branch: 1, ...refusal }] } });
  });
});

describe('a person', () => {
  it('holds a run: what runs goes on, nothing begins until it is resumed', () => {
    const sample = new SampleRun(compile([step('a'), step('b', after('a'))]));
    sample.change({ isHeld: true });
    sample.end('a', 'completed');
    expect(sample.plan.status).toBe('held');
    expect(sample.names).toEqual(['a']);
    sample.change({ isHeld: false });
    sample.advance();
    expect(sample.names).toEqual(['a', 'b']);
    expect(sample.plan.status).toBe('running');
  });

  it('cancels a run: all that is open stops', () => {
    const sample = new SampleRun(compile([step('a'), step('b'), step('c', after('a'))]));
    sample.end('b', 'completed');
    sample.change({ status: 'cancelled' });
    sample.advance();
    expect(sample.plan).toMatchObject({ status: 'cancelled', cancelJobs: ['a-0'], start: [] });
    expect(sample.told).toEqual({ a: 'cancelled', b: 'completed', c: 'cancelled' });
  });

  it('puts other values in the place of parameters', () => {
    const compiled = compile([step('a', { parameters: { x: '${input.x}', y: 2, z: 3 } })]);
    const sample = new SampleRun(compiled, { x: 1 });
    const facts = { outcomes: [], hosts: {}, maxBranches: 1 };
    const edited = { ...sample.run.steps[0]!, overrides: { x: 9, y: null, w: [4] } };
    const run = { ...sample.run, steps: [edited] };
    expect(parametersOf(compiled, run, facts, { step: 'a', branch: 0 })).toEqual({ x: 9, z: 3, w: [4] });
  });
});

it('counts the hosts that serve a job type when a step begins', () => {
  const compiled = compile([step('a', { parameters: { n: '${max(fleet.hosts.work, fleet.hosts.other, 1)}' } })]);
  expect([...compiled.fleet]).toEqual(['work', 'other']);
  const { run } = new SampleRun(compiled);
  const facts = { outcomes: [], hosts: { work: 4 }, maxBranches: 1 };
  expect(parametersOf(compiled, run, facts, { step: 'a', branch: 0 })).toEqual({ n: 4 });
});
