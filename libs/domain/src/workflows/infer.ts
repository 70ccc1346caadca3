import type { JsonSchema, WorkflowTemplate } from '@reelay/contracts';
import type { CompiledStep, CompiledTemplate } from './compile.js';
import type { Expression, Segment } from './expression.js';
import { FUNCTIONS } from './functions.js';
import { fieldSchema, itemSchema, typeOfValue, type Known } from './schemas.js';

/** What is known of a job type when a template is checked. */
export interface StepType {
  /** JSON Schema of the parameters; null when nobody knows it. */
  readonly parameters: Known;
  /** JSON Schema of the result; null when nobody knows it. */
  readonly result: Known;
  /** Parameters that need not be given when another one is, by their names; null where nothing else is needed. */
  readonly filledIn: ReadonlyMap<string, string | null>;
}

/** Something wrong with an expression, without its place. */
export interface ReferenceFault {
  readonly code: string;
  readonly message: string;
}

/** Infers what expressions of one step, or of the output, give, and finds references that lead nowhere. */
export class Inference {
  constructor(
    private readonly compiled: CompiledTemplate,
    private readonly types: ReadonlyMap<string, StepType>,
    /** The step that the expressions belong to; null for the output. */
    private readonly own: CompiledStep | null,
    private readonly report: (fault: ReferenceFault) => void,
    /** What `item` is; undefined where there is none. */
    private readonly item: Known | undefined,
  ) {}

  /** The schema of an expression's value, as far as it is known. */
  infer(expression: Expression): Known {
    switch (expression.kind) {
      case 'literal':
        return { type: typeOfValue(expression.value) };
      case 'path':
        return this.path(expression);
      case 'unary':
        this.infer(expression.operand);
        return { type: expression.operator === '!' ? 'boolean' : 'number' };
      case 'binary': {
        const [left, right] = [this.infer(expression.left), this.infer(expression.right)];
        if (['+', '-', '*', '/'].includes(expression.operator)) {
          const isText = [left, right].some((side) => side?.type === 'string');
          return expression.operator === '+' && (isText || !left || !right) ? null : { type: 'number' };
        }
        return { type: 'boolean' };
      }
      case 'call':
        return this.call(expression);
    }
  }

  private call({ name, parameters }: Extract<Expression, { kind: 'call' }>): Known {
    for (const parameter of parameters) this.infer(parameter);
    const called = FUNCTIONS.get(name);
    if (!called) {
      const message = `there is no function ${name}: use ${[...FUNCTIONS.keys()].join(', ')}`;
      this.report({ code: 'BAD_EXPRESSION', message });
    } else if (parameters.length < called.least || parameters.length > called.most) {
      const message = `${name} takes ${called.most === called.least ? '' : 'at least '}${String(called.least)} values`;
      this.report({ code: 'BAD_EXPRESSION', message });
    }
    return called?.gives ? { type: [...called.gives] } : null;
  }

  private path({ root, segments }: Extract<Expression, { kind: 'path' }>): Known {
    switch (root) {
      case 'input':
        return this.walk(inputsSchema(this.compiled.template), segments, root, 'UNKNOWN_INPUT');
      case 'steps':
        return this.ofStep(segments);
      case 'item':
      case 'index':
        if (this.item === undefined) {
          this.report({ code: 'UNKNOWN_REFERENCE', message: `${root} is known only in a step with forEach` });
          return null;
        }
        return root === 'index' ? this.walk({ type: 'integer' }, segments, root) : this.walk(this.item, segments, root);
      case 'workflow':
        return this.walk(WORKFLOW_SCHEMA, segments, root);
      case 'fleet':
        return this.walk(FLEET_SCHEMA, segments, root);
    }
  }

  private ofStep([id, ...segments]: readonly Segment[]): Known {
    const step = typeof id === 'string' ? this.compiled.steps.get(id) : undefined;
    if (step === undefined) {
      this.report({
        code: 'UNKNOWN_STEP',
        message: `there is no step ${typeof id === 'string' ? id : JSON.stringify(id ?? '')}`,
      });
      return null;
    }
    if (step === this.own) {
      this.report({ code: 'SELF_REFERENCE', message: `step ${step.step.id} cannot refer to itself` });
      return null;
    }
    const result = withoutVideos(this.types.get(step.step.job)?.result ?? null);
    return this.walk(outcomeSchema(step, result), segments, `steps.${step.step.id}`);
  }

  private walk(start: Known, segments: readonly Segment[], from: string, code = 'UNKNOWN_REFERENCE'): Known {
    let schema = start;
    let place = from;
    for (const [index, segment] of segments.entries()) {
      const found = typeof segment === 'string' ? fieldSchema(schema, segment) : itemSchema(schema);
      if (found === undefined) {
        const what = typeof segment === 'string' ? `${place} has no ${segment}` : `${place} is no list`;
        this.report({ code: index === 0 ? code : 'UNKNOWN_REFERENCE', message: what });
        return null;
      }
      place +=
        typeof segment === 'string' ? `.${segment}` : typeof segment === 'number' ? `[${String(segment)}]` : '[*]';
      if (typeof segment === 'object') {
        return { type: 'array', items: this.walk(found, segments.slice(index + 1), place) ?? {} };
      }
      schema = found;
    }
    return schema;
  }
}

const object = (properties: Record<string, unknown>): JsonSchema => ({
  ...{ type: 'object', properties, additionalProperties: false },
});

const TEXT = { type: 'string' };
const FAILURE = object({ branch: { type: 'integer' }, code: TEXT, message: TEXT });
const WORKFLOW_SCHEMA = object({ id: TEXT });
const FLEET_SCHEMA = object({ hosts: { type: 'object', additionalProperties: { type: 'integer' } } });

/** What expressions can ask of a step. */
function outcomeSchema({ forEach }: CompiledStep, result: Known): JsonSchema {
  return object({
    ...(forEach ? { results: { type: 'array', items: result ?? {} } } : { result: result ?? {} }),
    status: TEXT,
    error: FAILURE,
    errors: { type: 'array', items: FAILURE },
    destinationPaths: { type: 'array', items: TEXT },
  });
}

/** What jobs report of videos goes to the library's records, and is not kept with the result. */
function withoutVideos(result: Known): Known {
  if (!result || typeof result.properties !== 'object') return result;
  const { videos: _, ...properties } = result.properties as Record<string, unknown>;
  return { ...result, properties };
}

/** JSON Schema of what is given to start a template, by what is said of its inputs. */
export function inputsSchema({ input }: WorkflowTemplate): JsonSchema {
  const properties = Object.fromEntries(
    Object.entries(input).map(([name, { optional: _, default: _default, ...schema }]) => [name, schema]),
  );
  const required = Object.entries(input)
    .filter(([, rules]) => rules.default === undefined && rules.optional !== true)
    .map(([name]) => name);
  return { ...object(properties), required };
}

/** The inputs of a run: what was given, and the defaults. */
export const withDefaultInputs = (
  { input }: WorkflowTemplate,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => ({
  ...Object.fromEntries(
    Object.entries(input).flatMap(([name, rules]) => (rules.default === undefined ? [] : [[name, rules.default]])),
  ),
  ...given,
});
