import { Injectable } from '@nestjs/common';
import {
  clipGenerate,
  compileRandom,
  JOB_CONTRACTS,
  MAX_STEPS,
  MAX_TEMPLATE_BYTES,
  parametersJsonSchema,
  resultJsonSchema,
  workflowTemplate,
  type JsonSchema,
  type TemplateCheck,
  type TemplateFault,
  type WorkflowTemplate,
} from '@reelay/contracts';
import { validateTemplate, type StepType, type TemplateFindings } from '@reelay/domain';
import { readJobTypes } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { unprocessable } from '../http/api-error.js';
import { compileSchema, type SchemaFault } from '../http/json-schema.js';
import { VIDEO_IDS } from '../jobs/job-parameters.js';

/** Parameters that are filled in when a job is submitted: by which other one, or by nothing. */
const FILLED_IN: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  [clipGenerate.type]: { ranges: 'digestJobId', inputPath: 'digestJobId' },
  [compileRandom.type]: { inputPaths: null },
};

/** The job types that Reelay ships, as templates are checked against them. */
const SHIPPED: ReadonlyMap<string, StepType> = new Map(
  [...JOB_CONTRACTS].map(([type, contract]) => [
    type,
    {
      parameters: parametersJsonSchema(contract),
      result: resultJsonSchema(contract),
      filledIn: new Map(Object.entries({ ...VIDEO_IDS, ...FILLED_IN[type] })),
    },
  ]),
);

/** Checks templates before they are stored. */
@Injectable()
export class TemplateChecks {
  constructor(private readonly dataSource: DataSource) {}

  /** All that is wrong with something that may be a template. */
  async check(source: unknown): Promise<TemplateCheck> {
    const outcome = await this.examine(source);
    const { errors, warnings } = outcome.findings;
    return { valid: errors.length === 0, errors, warnings };
  }

  /** @throws {ApiError} 422 with every fault, and its place */
  async require(source: unknown): Promise<WorkflowTemplate> {
    const { template, findings } = await this.examine(source);
    if (template === null || findings.errors.length > 0) throw unprocessable('TEMPLATE_INVALID', findings.errors);
    return template;
  }

  private async examine(source: unknown): Promise<{ template: WorkflowTemplate | null; findings: TemplateFindings }> {
    const large = tooLarge(source);
    if (large.length > 0) return { template: null, findings: { errors: large, warnings: [] } };
    const parsed = workflowTemplate.safeParse(source);
    if (!parsed.success) return { template: null, findings: { errors: shapeFaults(parsed.error), warnings: [] } };
    const findings = validateTemplate(parsed.data, { types: await this.types(), literalFaults });
    return { template: parsed.data, findings };
  }

  /** The shipped types, and those that workers of others announced. */
  private async types(): Promise<ReadonlyMap<string, StepType>> {
    const { announced } = await readJobTypes(this.dataSource);
    const foreign = announced
      .filter(({ name }) => !SHIPPED.has(name))
      .map(({ name, parameters }): [string, StepType] => [
        name,
        { parameters, result: null, filledIn: new Map(Object.entries(VIDEO_IDS)) },
      ]);
    return new Map([...SHIPPED, ...foreign]);
  }
}

/** Said before anything else is looked at: what is too large is not worth the work. */
function tooLarge(source: unknown): TemplateFault[] {
  const { steps } = (source ?? {}) as { steps?: unknown };
  const fault = (path: string, message: string): TemplateFault => ({ path, code: 'TOO_LARGE', message });
  if (Array.isArray(steps) && steps.length > MAX_STEPS) {
    return [fault('steps', `a template has ${String(MAX_STEPS)} steps at most, and this has ${String(steps.length)}`)];
  }
  const bytes = Buffer.byteLength(JSON.stringify(source ?? null));
  if (bytes <= MAX_TEMPLATE_BYTES) return [];
  return [fault('', `a template has ${String(MAX_TEMPLATE_BYTES)} bytes at most, and this has ${String(bytes)}`)];
}

/** What the shape of a template breaks, with places as the other faults have them: `steps[2].job`. */
const shapeFaults = (error: z.ZodError): TemplateFault[] =>
  error.issues.map(({ path, message, code }) => ({
    path: path
      .map((part) => (typeof part === 'number' ? `[${String(part)}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, ''),
    code: code.toUpperCase(),
    message,
  }));

const compiled = new WeakMap<JsonSchema, (value: unknown) => SchemaFault[]>();

/** Compiling takes far longer than checking, and the schemas of shipped types are always the same ones. */
function literalFaults(schema: JsonSchema, value: unknown): SchemaFault[] {
  const check = compiled.get(schema) ?? checkOf(schema);
  compiled.set(schema, check);
  return check(value);
}

/** A schema that is none says nothing; its worker has the last word. */
function checkOf(schema: JsonSchema): (value: unknown) => SchemaFault[] {
  try {
    return compileSchema(schema, { formats: true });
  } catch {
    return () => [];
  }
}
