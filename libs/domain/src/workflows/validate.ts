import type { JsonSchema, TemplateFault, WorkflowTemplate } from '@reelay/contracts';
import { compileTemplate, cyclesOf, valuesOf, type CompiledStep, type CompiledTemplate } from './compile.js';
import { Inference, inputsSchema, type StepType } from './infer.js';
import { fieldSchema, itemSchema, mayFit, nameTypes, typesOf, type Known } from './schemas.js';
import { expressionsOf, fieldPath, type ReadFault, type TemplateValue } from './template-text.js';

/** What a template is checked against. */
export interface TemplateRules {
  /** The job types that are known, by name. */
  readonly types: ReadonlyMap<string, StepType>;
  /** What is wrong with a value by its JSON Schema, with places below the value (such as `.a[0]`). */
  readonly literalFaults: (schema: JsonSchema, value: unknown) => readonly { path: string; message: string }[];
}

/** All faults of a template, and what is worth a look. */
export interface TemplateFindings {
  readonly errors: TemplateFault[];
  readonly warnings: TemplateFault[];
}

/** Checks a whole template: its graph, its expressions, and its parameters against the job types' schemas. */
export function validateTemplate(template: WorkflowTemplate, rules: TemplateRules): TemplateFindings {
  const unread: ReadFault[] = [];
  const compiled = compileTemplate(template, unread);
  const check = new Check(compiled, rules);
  check.graph();
  check.inputs();
  const bad = unread.map(({ path, message }) => ({ path, code: 'BAD_EXPRESSION', message }));
  const faulty = new Set(unread.map(({ path }) => path));
  for (const step of compiled.steps.values()) check.step(step, faulty);
  check.output();
  return { errors: unique([...bad, ...check.errors]), warnings: check.warnings };
}

/** A reference that leads nowhere is named once, though two rules may come upon it. */
const unique = (faults: readonly TemplateFault[]): TemplateFault[] => [
  ...new Map(faults.map((fault) => [`${fault.path} ${fault.code} ${fault.message}`, fault])).values(),
];

class Check {
  readonly errors: TemplateFault[] = [];
  readonly warnings: TemplateFault[] = [];

  constructor(
    private readonly compiled: CompiledTemplate,
    private readonly rules: TemplateRules,
  ) {}

  graph(): void {
    const seen = new Set<string>();
    const ids = new Set(this.compiled.steps.keys());
    for (const [index, { id, needs }] of this.compiled.template.steps.entries()) {
      const at = `steps[${String(index)}]`;
      if (seen.has(id)) this.fault(`${at}.id`, 'DUPLICATE_STEP', `there is another step ${id} before it`);
      seen.add(id);
      for (const [place, need] of needs.entries()) {
        const path = `${at}.needs[${String(place)}]`;
        if (need === id) this.fault(path, 'SELF_REFERENCE', `step ${id} cannot need itself`);
        else if (!ids.has(need)) this.fault(path, 'UNKNOWN_STEP', `there is no step ${need}`);
      }
    }
    for (const cycle of cyclesOf(this.compiled)) {
      const index = this.compiled.steps.get(cycle[0] ?? '')?.index ?? 0;
      const message = `these steps wait for each other: ${cycle.join(' -> ')}`;
      this.fault(`steps[${String(index)}].needs`, 'CYCLE', message);
    }
  }

  inputs(): void {
    const { input } = this.compiled.template;
    const schemas = inputsSchema(this.compiled.template).properties as Record<string, JsonSchema>;
    for (const [name, rules] of Object.entries(input)) {
      if (rules.default === undefined) continue;
      this.literal(rules.default, schemas[name] ?? {}, `input.${name}.default`, 'INVALID_DEFAULT');
    }
  }

  /** @param faulty places of expressions that could not be read: nothing more is said of them */
  step(step: CompiledStep, faulty: ReadonlySet<string>): void {
    const { job } = step.step;
    const at = `steps[${String(step.index)}]`;
    const type = this.rules.types.get(job);
    if (!type) {
      const message = `nobody has announced job type ${job} yet: its parameters and results are not checked`;
      this.warnings.push({ path: `${at}.job`, code: 'UNKNOWN_JOB_TYPE', message });
    }
    const item = this.itemOf(step, `${at}.forEach`);
    for (const { path, value } of valuesOf(step)) {
      if (faulty.has(path) || path.endsWith('.forEach')) continue;
      if (path.endsWith('.parameters')) this.parameters(step, value, type, item);
      else {
        if (path.endsWith('.when') && value.kind !== 'expression') {
          this.fault(path, 'BAD_EXPRESSION', 'must be one expression, such as ${input.wanted}');
        }
        this.fit(value, { type: path.endsWith('.when') ? 'boolean' : 'string' }, path, step, item);
      }
    }
  }

  output(): void {
    this.fit(this.compiled.output, null, 'output', null, undefined);
  }

  /** The schema of `item` in a step; undefined without forEach. */
  private itemOf(step: CompiledStep, path: string): Known | undefined {
    if (!step.forEach) return undefined;
    const { forEach } = step;
    if (forEach.kind === 'list') {
      this.fit(forEach, null, path, step, undefined);
      return null;
    }
    if (forEach.kind === 'constant' && Array.isArray(forEach.value)) return null;
    if (forEach.kind !== 'expression') {
      if (forEach.kind !== 'constant' || forEach.value !== null) {
        this.fault(path, 'NOT_A_LIST', 'must be a list, or one expression that gives one');
      }
      return null;
    }
    const list = this.inference(path, step, undefined).infer(forEach.expression);
    const found = itemSchema(list);
    if (found === undefined) this.fault(path, 'NOT_A_LIST', `gives ${nameTypes(list)}, not a list`);
    return found ?? null;
  }

  private parameters(
    step: CompiledStep,
    value: TemplateValue,
    type: StepType | undefined,
    item: Known | undefined,
  ): void {
    const at = `steps[${String(step.index)}].parameters`;
    const schema = type?.parameters ?? null;
    const fields = fieldsOf(value);
    for (const [name, field] of fields) {
      const path = fieldPath(at, name);
      const wanted = fieldSchema(schema, name);
      if (wanted === undefined) {
        this.fault(path, 'UNKNOWN_PARAMETER', `job type ${step.step.job} has no parameter ${name}`);
      }
      this.fit(field, wanted ?? null, path, step, item);
    }
    for (const name of requiredOf(schema)) {
      const instead = type?.filledIn.get(name);
      if (fields.has(name) || instead === null || (instead !== undefined && fields.has(instead))) continue;
      const message = `job type ${step.step.job} needs ${name}${instead === undefined ? '' : ` or ${instead}`}`;
      this.fault(fieldPath(at, name), 'MISSING_PARAMETER', message);
    }
  }

  /** Checks a value against what is wanted at its place. */
  private fit(
    value: TemplateValue,
    wanted: Known,
    path: string,
    step: CompiledStep | null,
    item: Known | undefined,
  ): void {
    const inference = this.inference(path, step, item);
    switch (value.kind) {
      case 'constant':
        if (wanted) this.literal(value.value, wanted, path, 'INVALID_PARAMETERS');
        return;
      case 'expression': {
        const given = inference.infer(value.expression);
        if (!mayFit(given, wanted)) this.mistyped(path, nameTypes(given), wanted);
        return;
      }
      case 'text':
        for (const expression of expressionsOf(value)) inference.infer(expression);
        if (!mayFit({ type: 'string' }, wanted)) this.mistyped(path, 'a text', wanted);
        return;
      case 'list':
        if (!mayFit({ type: 'array' }, wanted)) this.mistyped(path, 'a list', wanted);
        for (const [index, inner] of value.items.entries()) {
          this.fit(inner, itemSchema(wanted) ?? null, `${path}[${String(index)}]`, step, item);
        }
        return;
      case 'fields':
        if (!mayFit({ type: 'object' }, wanted)) this.mistyped(path, 'an object', wanted);
        for (const [name, inner] of value.fields) {
          const field = typesOf(wanted)?.has('object') === false ? null : fieldSchema(wanted, name);
          if (field === undefined) this.fault(fieldPath(path, name), 'UNKNOWN_PARAMETER', `there is no field ${name}`);
          this.fit(inner, field ?? null, fieldPath(path, name), step, item);
        }
    }
  }

  private inference(path: string, step: CompiledStep | null, item: Known | undefined): Inference {
    const report = ({ code, message }: { code: string; message: string }): void => {
      this.fault(path, code, message);
    };
    return new Inference(this.compiled, this.rules.types, step, report, item);
  }

  private literal(value: unknown, schema: JsonSchema, path: string, code: string): void {
    // A union has one to say for each of its branches: the first of a place is enough.
    const told = new Set<string>();
    for (const fault of this.rules.literalFaults(schema, value)) {
      if (!told.has(fault.path)) this.fault(path + fault.path, code, fault.message);
      told.add(fault.path);
    }
  }

  private mistyped(path: string, given: string, wanted: Known): void {
    this.fault(path, 'MISTYPED_REFERENCE', `gives ${given}, where ${nameTypes(wanted)} is expected`);
  }

  private fault(path: string, code: string, message: string): void {
    this.errors.push({ path, code, message });
  }
}

/** The parameters one by one, also where none of them holds an expression. */
function fieldsOf(value: TemplateValue): ReadonlyMap<string, TemplateValue> {
  if (value.kind === 'fields') return value.fields;
  const constants = value.kind === 'constant' ? (value.value as Record<string, unknown> | null) : null;
  return new Map(Object.entries(constants ?? {}).map(([name, field]) => [name, { kind: 'constant', value: field }]));
}

const requiredOf = (schema: Known): string[] =>
  Array.isArray(schema?.required) ? schema.required.filter((name) => typeof name === 'string') : [];
