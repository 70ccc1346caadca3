import { JOB_CONTRACTS, parametersJsonSchema, resultJsonSchema, workflowTemplate } from '@reelay/contracts';
import { describe, expect, it } from 'vitest';
import type { StepType } from './infer.js';
import { typeOfValue, typesOf } from './schemas.js';
import { validateTemplate, type TemplateRules } from './validate.js';

const types = new Map<string, StepType>(
  [...JOB_CONTRACTS].map(([name, contract]) => [
    name,
    {
      parameters: parametersJsonSchema(contract),
      result: resultJsonSchema(contract),
      filledIn: new Map([['inputPath', 'videoId']]),
    },
  ]),
);

/** Looks at types only: what a schema says beside is the business of its validator. */
const rules: TemplateRules = {
  types,
  literalFaults: (schema, value) => {
    const wanted = typesOf(schema);
    return !wanted || wanted.has(typeOfValue(value)) ? [] : [{ path: '', message: 'has another type' }];
  },
};

const VIDEO = { inputPath: '${input.path}' };

function findingsOf(source: { steps: object[]; input?: object; output?: unknown }) {
  const template = workflowTemplate.parse({ name: 'sample', input: { path: { type: 'string' } }, ...source });
  return validateTemplate(template, rules);
}

const faultsOf = (source: Parameters<typeof findingsOf>[0]): string[] =>
  findingsOf(source).errors.map(({ path, code }) => `${code} ${path}`);

const probe = { id: 'probe', job: 'probe', parameters: VIDEO };
const withStep = (more: object): string[] =>
  faultsOf({ steps: [probe, { id: 'second', job: 'thumbnail_generate', parameters: VIDEO, ...more }] });

describe('a template', () => {
  it('that is sound has no faults', () => {
    expect(faultsOf({ steps: [probe] })).toEqual([]);
    expect(withStep({ when: '${steps.probe.result.media.video.width >= 640}' })).toEqual([]);
    expect(withStep({ parameters: { videoId: '${input.path}', width: '${steps.probe.result.frames}' } })).toEqual([]);
  });

  it.each([
    ['UNKNOWN_STEP steps[1].needs[0]', { needs: ['nobody'] }],
    ['SELF_REFERENCE steps[1].needs[0]', { needs: ['second'] }],
    ['SELF_REFERENCE steps[1].when', { when: "${steps.second.status == 'x'}" }],
    ['UNKNOWN_STEP steps[1].when', { when: '${steps.nobody.result.a == 1}' }],
    ['DUPLICATE_STEP steps[1].id', { id: 'probe' }],
    ['UNKNOWN_INPUT steps[1].parameters.inputPath', { parameters: { inputPath: '${input.pth}' } }],
    [
      'UNKNOWN_REFERENCE steps[1].parameters.width',
      { parameters: { ...VIDEO, width: '${steps.probe.result.media.video.wdth}' } },
    ],
    ['UNKNOWN_REFERENCE steps[1].when', { when: '${steps.probe.result.videos == null}' }],
    ['UNKNOWN_REFERENCE steps[1].when', { when: '${steps.probe.results == null}' }],
    ['UNKNOWN_REFERENCE steps[1].when', { when: '${item == 1}' }],
    ['MISTYPED_REFERENCE steps[1].parameters.inputPath', { parameters: { inputPath: '${steps.probe.result.frames}' } }],
    ['MISTYPED_REFERENCE steps[1].parameters.width', { parameters: { ...VIDEO, width: '${input.path} px' } }],
    ['MISTYPED_REFERENCE steps[1].when', { when: '${steps.probe.result.frames}' }],
    ['UNKNOWN_PARAMETER steps[1].parameters.hight', { parameters: { ...VIDEO, hight: 2 } }],
    ['INVALID_PARAMETERS steps[1].parameters.width', { parameters: { ...VIDEO, width: 'wide' } }],
    ['MISSING_PARAMETER steps[1].parameters.inputPath', { parameters: {} }],
    ['BAD_EXPRESSION steps[1].when', { when: 'true' }],
    ['BAD_EXPRESSION steps[1].when', { when: '${1 +}' }],
    ['BAD_EXPRESSION steps[1].when', { when: '${guess(1) == 1}' }],
    ['BAD_EXPRESSION steps[1].when', { when: '${length() == 1}' }],
    ['NOT_A_LIST steps[1].forEach', { forEach: '${steps.probe.result.frames}' }],
    ['NOT_A_LIST steps[1].forEach', { forEach: 'a, b' }],
    ['UNKNOWN_REFERENCE steps[1].parameters.width', { forEach: [1], parameters: { ...VIDEO, width: '${index.x}' } }],
  ])('is refused for %s', (fault, more) => {
    expect(withStep(more)).toContain(fault);
  });

  it('is told all of its faults at once', () => {
    const steps = [
      { ...probe, needs: ['nobody'] },
      { id: 'second', job: 'probe', when: '${', parameters: { inputPath: 1, more: 2 } },
    ];
    expect(faultsOf({ steps, output: '${steps.third.result}' }).sort()).toEqual([
      'BAD_EXPRESSION steps[1].when',
      'INVALID_PARAMETERS steps[1].parameters.inputPath',
      'UNKNOWN_PARAMETER steps[1].parameters.more',
      'UNKNOWN_STEP output',
      'UNKNOWN_STEP steps[0].needs[0]',
    ]);
  });

  it('names the steps of each cycle, also where it closes by an expression', () => {
    const step = (id: string, more: object) => ({ id, job: 'probe', parameters: VIDEO, ...more });
    const { errors } = findingsOf({
      steps: [
        step('a', { needs: ['c'] }),
        step('b', { needs: ['a'] }),
        step('c', { when: '${steps.b.result.frames == 1}' }),
        step('d', { needs: ['c'] }),
        step('e', { needs: ['f'] }),
        step('f', { needs: ['e'] }),
      ],
    });
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'CYCLE: these steps wait for each other: a -> b -> c -> a',
      'CYCLE: these steps wait for each other: e -> f -> e',
    ]);
  });

  it('knows the items of a list that a step gives', () => {
    const tags = { id: 'tags', job: 'tag_generation', parameters: VIDEO };
    const each = (name: string) => ({
      id: 'each',
      job: 'probe',
      forEach: '${steps.tags.result.tags}',
      parameters: { inputPath: `\${item.${name}}` },
    });
    expect(faultsOf({ steps: [tags, each('tag')] })).toEqual([]);
    expect(faultsOf({ steps: [tags, each('confidence')] })).toEqual([
      'MISTYPED_REFERENCE steps[1].parameters.inputPath',
    ]);
    expect(faultsOf({ steps: [tags, each('name')] })).toEqual(['UNKNOWN_REFERENCE steps[1].parameters.inputPath']);
    const after = { id: 'after', job: 'probe', parameters: { inputPath: '${steps.each.result.frames}' } };
    expect(faultsOf({ steps: [tags, each('tag'), after] })).toEqual([
      'UNKNOWN_REFERENCE steps[2].parameters.inputPath',
    ]);
  });

  it('may use job types that nobody has announced: that is only a warning', () => {
    const { errors, warnings } = findingsOf({
      steps: [
        { id: 'a', job: 'foreign_type', parameters: { x: 1 } },
        { ...probe, needs: ['a'] },
      ],
      output: '${steps.a.result.anything.at.all[0]}',
    });
    expect(errors).toEqual([]);
    expect(warnings).toMatchObject([{ path: 'steps[0].job', code: 'UNKNOWN_JOB_TYPE' }]);
  });

  it('has defaults that fit its inputs', () => {
    const input = { path: { type: 'string' }, n: { type: 'integer', default: 'many' } };
    expect(faultsOf({ steps: [probe], input })).toEqual(['INVALID_DEFAULT input.n.default']);
  });

  it('of 500 steps in one long chain is checked without running out of stack', () => {
    const steps = Array.from({ length: 500 }, (_, n) => ({
      ...{ id: `s${String(n)}`, job: 'probe', parameters: VIDEO },
      needs: n === 0 ? ['s499'] : [`s${String(n - 1)}`],
    }));
    expect(faultsOf({ steps })).toEqual(['CYCLE steps[0].needs']);
    expect(faultsOf({ steps: steps.map((step, n) => (n === 0 ? { ...step, needs: [] } : step)) })).toEqual([]);
  });
});
