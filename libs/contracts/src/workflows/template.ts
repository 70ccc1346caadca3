import { z } from 'zod';
import { priority } from '../api/jobs.js';
import { JOB_TYPE_PATTERN } from '../topology.js';

/** Most steps of one template. */
export const MAX_STEPS = 500;
/** Most jobs that one `forEach` makes. */
export const MAX_BRANCHES = 1_000;
/** Largest template, in bytes of its JSON. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;
/** Most inputs of one template. */
const MAX_INPUTS = 100;

/** What becomes of a workflow when a step of it fails for good. */
export const STEP_ERROR_POLICIES = ['fail', 'continue', 'hold'] as const;
export type StepErrorPolicy = (typeof STEP_ERROR_POLICIES)[number];

/** A template's name: letters, digits and `_`. */
export const templateName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, 'must begin with a lower-case letter and hold only those, digits and _');

const REFERENCE = /^([a-z][a-z0-9_]{0,63})(?:@([1-9]\d{0,8}))?$/;

/** A template's name, and its version where a certain one is meant: `ingest` or `ingest@2`. */
export const templateReference = z.string().regex(REFERENCE, "must be a template's name, or name@version");

/** Takes a reference apart; without a version, the newest is meant. */
export function parseTemplateReference(reference: string): { name: string; version: number | null } {
  const [, name = reference, version] = REFERENCE.exec(reference) ?? [];
  return { name, version: version === undefined ? null : Number(version) };
}

const INPUT_TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;

const inputRules = {
  type: z.enum(INPUT_TYPES).optional().describe('Left out, any value'),
  description: z.string().max(500).optional(),
  enum: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(100)
    .optional(),
  format: z.enum(['uuid', 'date-time']).optional().describe('Of a string'),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.int().min(0).optional(),
  maxLength: z.int().min(0).optional(),
  minItems: z.int().min(0).optional(),
  maxItems: z.int().min(0).optional(),
};

/** The values of a list or of an object, of which nothing deeper is said. */
const innerSchema = z.strictObject(inputRules);

/** One input of a template: a small part of JSON Schema, and what holds when it is left out. */
export const workflowInput = z.strictObject({
  ...inputRules,
  items: innerSchema.optional().describe("Of a list's items"),
  properties: z.record(z.string(), innerSchema).optional().describe("Of an object's fields"),
  default: z.unknown().optional().describe('Taken when it is left out'),
  optional: z.boolean().optional().describe('Whether it may be left out without a default; it is null then'),
});
export type WorkflowInput = z.infer<typeof workflowInput>;

/** The names of steps and inputs: expressions refer to them. */
const stepId = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/, 'must begin with a lower-case letter and hold only those, digits and _');
const inputName = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z][a-zA-Z0-9_]*$/, 'must begin with a letter and hold only letters, digits and _');

/** One step: a job, or with `forEach` one for each item of a list. */
export const workflowStep = z.strictObject({
  id: stepId,
  job: z.string().regex(JOB_TYPE_PATTERN).describe('The job type'),
  description: z.string().max(500).optional(),
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Of the job; `${...}` in texts are expressions. One that is null is left out'),
  needs: z
    .array(stepId)
    .max(MAX_STEPS)
    .default([])
    .describe('Steps that are over before this one begins, beside those that its expressions name'),
  when: z.string().max(2_000).optional().describe('An expression: when it is false the step is skipped'),
  forEach: z
    .union([z.string().max(2_000), z.array(z.unknown()).max(MAX_BRANCHES)])
    .optional()
    .describe('A list, or an expression that gives one: a job for each `item`, with its `index`'),
  onError: z
    .enum(STEP_ERROR_POLICIES)
    .default('fail')
    .describe('`fail` ends the workflow, `continue` goes on without, `hold` waits for a person'),
  priority: priority.optional().describe("Left out: the workflow's own, a little better for deeper steps"),
  maxRetries: z.int().min(0).max(20).optional(),
  target: z.string().max(200).optional().describe('The worker host that must run it; may be an expression'),
});
export type WorkflowStep = z.infer<typeof workflowStep>;

/** A template: a graph of jobs, as data. Whether its parts fit each other is checked by the domain's rules. */
export const workflowTemplate = z.strictObject({
  name: templateName,
  description: z.string().max(2_000).default(''),
  input: z
    .record(inputName, workflowInput)
    .refine((input) => Object.keys(input).length <= MAX_INPUTS, `must not have more than ${String(MAX_INPUTS)} inputs`)
    .default({}),
  steps: z.array(workflowStep).min(1).max(MAX_STEPS),
  output: z.unknown().optional().describe('What the workflow answers when it is completed; may hold expressions'),
});
export type WorkflowTemplate = z.infer<typeof workflowTemplate>;
/** A template as it is written: what has a default may be left out. */
export type WorkflowTemplateSource = z.input<typeof workflowTemplate>;
