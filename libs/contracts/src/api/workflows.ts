import { z } from 'zod';
import { JOB_STATUSES } from '../messages/job-event.js';
import { templateName, templateReference, workflowTemplate } from '../workflows/template.js';
import { STEP_STATUSES, WORKFLOW_STATUSES } from '../workflows/workflow-event.js';
import { workflowWebhook } from './webhooks.js';
import { DEFAULT_PRIORITY, priority } from './jobs.js';
import { createdBetween, listOf, pagePagination, pageQuery } from './paging.js';

const timestamp = z.iso.datetime();
const values = z.record(z.string(), z.unknown());

/** Body of `POST /api/media/workflow-templates` and `.../validate`. */
export const createTemplateBody = workflowTemplate;
/** Body of `PUT /api/media/workflow-templates/:name`. */
export const changeTemplateBody = workflowTemplate.omit({ name: true });

/** A fault in a template, or something that is worth a look. */
export const templateFault = z.object({
  path: z.string().describe('Such as steps[2].parameters.height'),
  code: z.string(),
  message: z.string(),
});
export type TemplateFault = z.infer<typeof templateFault>;

/** Answer of `POST /api/media/workflow-templates/validate`. */
export const templateCheck = z.object({
  valid: z.boolean(),
  errors: z.array(templateFault),
  warnings: z.array(templateFault),
});
export type TemplateCheck = z.infer<typeof templateCheck>;

/** One version of a template, as the API shows it. */
export const templateView = z.object({
  name: z.string(),
  version: z.int().min(1),
  description: z.string(),
  builtIn: z.boolean().describe('Part of Reelay: it cannot be changed'),
  definition: workflowTemplate,
  createdAt: timestamp.nullable().describe('Null for built-in ones'),
});
export type TemplateView = z.infer<typeof templateView>;

/** A template with the numbers of all its versions, newest first. */
export const templateDetail = templateView.extend({ versions: z.array(z.int()) });
export type TemplateDetail = z.infer<typeof templateDetail>;

/** A template as lists show it. */
export const templateSummary = templateView.omit({ definition: true }).extend({ steps: z.int() });
export type TemplateSummary = z.infer<typeof templateSummary>;

/** Answer of `GET /api/media/workflow-templates`. */
export const templateList = z.object({ data: z.array(templateSummary) });

/** Body of `POST /api/media/workflows`. */
export const startWorkflowBody = z.strictObject({
  template: templateReference.describe("A template's name, or name@version"),
  input: values.default({}).describe("By the template's inputs"),
  priority: priority.default(DEFAULT_PRIORITY),
  notifyQueue: z
    .boolean()
    .default(false)
    .describe('Make a queue named after the id that gets the events of the workflow; unread for an hour, it goes'),
  webhooks: z
    .array(workflowWebhook)
    .max(10)
    .default([])
    .describe('To be told of this workflow; the answer has their secrets'),
});
export type StartWorkflowBody = z.infer<typeof startWorkflowBody>;

/** Body of `POST /api/media/workflows/:id/retry`. */
export const retryWorkflowBody = z
  .strictObject({
    stepId: z.string().max(64).optional().describe('Only this step; left out, all that failed or was cancelled'),
    parameters: values.optional().describe("Take the place of parameters of this step's jobs; null takes one away"),
  })
  .refine(({ stepId, parameters }) => parameters === undefined || stepId !== undefined, {
    path: ['stepId'],
    message: 'name the step whose parameters these are',
  });
export type RetryWorkflowBody = z.infer<typeof retryWorkflowBody>;

/** The fields that a list of workflows can be sorted by. */
export const WORKFLOW_SORTS = ['createdAt', '-createdAt'] as const;
export type WorkflowSort = (typeof WORKFLOW_SORTS)[number];

/** What workflows can be chosen by; fields that are left out match every one. */
const workflowFilter = {
  status: listOf(z.enum(WORKFLOW_STATUSES)).describe('One or several states'),
  template: listOf(templateName).describe('One or several templates, by name'),
  ...createdBetween,
};
export type WorkflowFilter = z.infer<z.ZodObject<typeof workflowFilter>>;

/** Query of `GET /api/media/workflows`. */
export const listWorkflowsQuery = z.strictObject({
  ...pageQuery,
  ...workflowFilter,
  sort: z.enum(WORKFLOW_SORTS).default('-createdAt'),
});
export type ListWorkflowsQuery = z.infer<typeof listWorkflowsQuery>;

const workflowError = z.object({
  code: z.string(),
  message: z.string(),
  step: z.string().nullable().describe('The step that failed'),
  branch: z.int().nullable().describe("The failed one of a forEach's jobs"),
});

/** A run of a template as lists show it. */
export const workflowSummary = z.object({
  id: z.uuid(),
  template: z.string(),
  version: z.int(),
  status: z.enum(WORKFLOW_STATUSES),
  progress: z.int().min(0).max(100).describe('Percent of its steps that are over'),
  priority,
  input: values,
  output: z.unknown().describe('Null until it is completed'),
  error: workflowError.nullable(),
  createdAt: timestamp,
  completedAt: timestamp.nullable(),
});
export type WorkflowSummary = z.infer<typeof workflowSummary>;

/** A run that was started. */
export const startedWorkflow = workflowSummary.extend({
  webhooks: z
    .array(z.object({ id: z.uuid(), url: z.string(), secret: z.string() }))
    .describe('Those that were asked for, with their secrets, which are not shown again'),
});
export type StartedWorkflow = z.infer<typeof startedWorkflow>;

/** A page of workflows. */
export const workflowPage = z.object({
  data: z.array(workflowSummary),
  pagination: pagePagination,
});
export type WorkflowPage = z.infer<typeof workflowPage>;

/** One job of a step. */
export const workflowJob = z.object({
  id: z.uuid().nullable().describe('Null where the job could not be made'),
  branch: z.int(),
  status: z.enum(JOB_STATUSES),
  progress: z.int().min(0).max(100),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  startedAt: timestamp.nullable(),
  completedAt: timestamp.nullable(),
});
export type WorkflowJobView = z.infer<typeof workflowJob>;

/** One step of a run, as a node of its graph. */
export const workflowStepView = z.object({
  id: z.string(),
  job: z.string(),
  status: z.enum(STEP_STATUSES),
  progress: z.int().min(0).max(100).describe('Mean of its jobs'),
  needs: z.array(z.string()).describe('Also those that its expressions imply'),
  when: z.string().nullable(),
  isForEach: z.boolean(),
  branches: z.int().nullable().describe('How many jobs it has; null while that is not known'),
  onError: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  jobs: z.array(workflowJob),
});
export type WorkflowStepView = z.infer<typeof workflowStepView>;

/** A run with its graph. */
export const workflowDetail = workflowSummary.extend({
  steps: z.array(workflowStepView),
  edges: z.array(z.object({ from: z.string(), to: z.string() })).describe('From a step to one that needs it'),
});
export type WorkflowDetail = z.infer<typeof workflowDetail>;
