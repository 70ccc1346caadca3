import type { WorkflowStep, WorkflowTemplate } from '@reelay/contracts';
import { pathsOf, type Expression } from './expression.js';
import { expressionsOf, readValue, type ReadFault, type TemplateValue } from './template-text.js';

/** A step with its expressions read. */
export interface CompiledStep {
  readonly step: WorkflowStep;
  /** Place among the template's steps. */
  readonly index: number;
  readonly parameters: TemplateValue;
  readonly when: TemplateValue | null;
  readonly forEach: TemplateValue | null;
  readonly target: TemplateValue | null;
  /** Stated and implied ones that are there, in the template's order. */
  readonly needs: readonly string[];
  /** Steps whose outcome its expressions ask for. */
  readonly refersTo: ReadonlySet<string>;
}

/** A template made ready to be checked and run. */
export interface CompiledTemplate {
  readonly template: WorkflowTemplate;
  readonly steps: ReadonlyMap<string, CompiledStep>;
  readonly output: TemplateValue;
  readonly outputRefersTo: ReadonlySet<string>;
  /** Every step after all that it needs; those of a cycle are left out. */
  readonly order: readonly CompiledStep[];
  /** Longest way from a step without needs, by step. */
  readonly depths: ReadonlyMap<string, number>;
  /** By step, those that need it. */
  readonly neededBy: ReadonlyMap<string, readonly string[]>;
  /** Job types whose hosts some expression counts. */
  readonly fleet: ReadonlySet<string>;
}

/** A value of a template, and where it stands. */
export interface PlacedValue {
  readonly path: string;
  readonly value: TemplateValue;
}

/** Reads a template. @param faults takes the expressions that cannot be read */
export function compileTemplate(template: WorkflowTemplate, faults: ReadFault[] = []): CompiledTemplate {
  const known = new Set(template.steps.map(({ id }) => id));
  const steps = new Map<string, CompiledStep>();
  for (const [index, step] of template.steps.entries()) {
    if (!steps.has(step.id)) steps.set(step.id, compileStep(step, index, known, faults));
  }
  const output = readValue(template.output ?? null, 'output', faults);
  const { order, depths, neededBy } = sortSteps(steps);
  const fleet = [...steps.values()].flatMap((step) => valuesOf(step).flatMap(({ value }) => fleetTypes(value)));
  return {
    ...{ template, steps, output, order, depths, neededBy },
    outputRefersTo: new Set(stepsIn(output)),
    fleet: new Set([...fleet, ...fleetTypes(output)]),
  };
}

function compileStep(step: WorkflowStep, index: number, known: ReadonlySet<string>, faults: ReadFault[]): CompiledStep {
  const at = `steps[${String(index)}]`;
  const read = (name: 'when' | 'forEach' | 'target'): TemplateValue | null =>
    step[name] === undefined ? null : readValue(step[name], `${at}.${name}`, faults);
  const parameters = readValue(step.parameters, `${at}.parameters`, faults);
  const [when, forEach, target] = [read('when'), read('forEach'), read('target')];
  const refersTo = new Set([parameters, when, forEach, target].flatMap((value) => (value ? stepsIn(value) : [])));
  const needs = [...known].filter((id) => id !== step.id && (refersTo.has(id) || step.needs.includes(id)));
  return { step, index, parameters, when, forEach, target, needs, refersTo };
}

/** The values of a step that may hold expressions, with their places. */
export function valuesOf({ index, ...step }: CompiledStep): PlacedValue[] {
  return (['when', 'forEach', 'target', 'parameters'] as const).flatMap((name) => {
    const value = step[name];
    return value ? [{ path: `steps[${String(index)}].${name}`, value }] : [];
  });
}

const stepOf = ({ root, segments }: Extract<Expression, { kind: 'path' }>): string[] =>
  root === 'steps' && typeof segments[0] === 'string' ? [segments[0]] : [];

const stepsIn = (value: TemplateValue): string[] =>
  expressionsOf(value).flatMap((expression) => pathsOf(expression).flatMap(stepOf));

const fleetTypes = (value: TemplateValue): string[] =>
  expressionsOf(value).flatMap((expression) =>
    pathsOf(expression).flatMap(({ root, segments: [hosts, type] }) =>
      root === 'fleet' && hosts === 'hosts' && typeof type === 'string' ? [type] : [],
    ),
  );

/** Sorts steps so that each comes after all that it needs (Kahn). */
function sortSteps(steps: ReadonlyMap<string, CompiledStep>): Pick<CompiledTemplate, 'order' | 'depths' | 'neededBy'> {
  const neededBy = new Map<string, string[]>([...steps.keys()].map((id) => [id, []]));
  const open = new Map<string, number>();
  for (const [id, { needs }] of steps) {
    open.set(id, needs.length);
    for (const need of needs) neededBy.get(need)?.push(id);
  }
  const order = [...steps.values()].filter(({ needs }) => needs.length === 0);
  const depths = new Map(order.map(({ step }) => [step.id, 0]));
  // What is added on the way is come to as well.
  for (const {
    step: { id },
  } of order) {
    const depth = (depths.get(id) ?? 0) + 1;
    for (const dependent of neededBy.get(id) ?? []) {
      depths.set(dependent, Math.max(depths.get(dependent) ?? 0, depth));
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      const step = steps.get(dependent);
      if (left === 0 && step) order.push(step);
    }
  }
  return { order, depths, neededBy };
}

/** The cycles of a template, each as the names on it, the first again at the end. */
export function cyclesOf({ steps, order }: CompiledTemplate): string[][] {
  const left = new Set([...steps.keys()].filter((id) => !order.some(({ step }) => step.id === id)));
  const cycles: string[][] = [];
  for (const start of steps.keys()) {
    if (!left.has(start)) continue;
    // Each of those left needs another of them: going on, one comes by for the second time.
    const way: string[] = [];
    let at: string | undefined = start;
    while (at !== undefined && left.has(at) && !way.includes(at)) {
      way.push(at);
      at = steps.get(at)?.needs.find((need) => left.has(need));
    }
    const cycle = at === undefined || !way.includes(at) ? [] : way.slice(way.indexOf(at));
    if (cycle.length > 0) cycles.push([...cycle, cycle[0] ?? ''].reverse());
    for (const id of way) left.delete(id);
  }
  return cycles;
}
