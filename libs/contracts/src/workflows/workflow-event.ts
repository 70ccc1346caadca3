import { z } from 'zod';

/** States of a run of a template. */
export const WORKFLOW_STATUSES = ['running', 'held', 'completed', 'failed', 'cancelled'] as const;
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

/** States that a workflow leaves only when a person retries it. */
export const FINAL_WORKFLOW_STATUSES = [
  'completed',
  'failed',
  'cancelled',
] as const satisfies readonly WorkflowStatus[];

/** States of a step of a run. */
export const STEP_STATUSES = ['waiting', 'running', 'completed', 'failed', 'skipped', 'cancelled', 'held'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** A change of a workflow or of one of its steps, published as `workflow.<id>.<status>` after it was committed. */
export const workflowEvent = z.object({
  workflowId: z.uuid(),
  template: z.string().describe('name@version'),
  status: z.enum(WORKFLOW_STATUSES).describe('Of the workflow'),
  step: z.string().optional().describe('The step that changed; left out where the workflow itself did'),
  stepStatus: z.enum(STEP_STATUSES).optional(),
  at: z.iso.datetime(),
});
export type WorkflowEvent = z.infer<typeof workflowEvent>;

/** The routing key of a workflow's event on `job_events`. */
export const workflowEventKey = ({ workflowId, status }: Pick<WorkflowEvent, 'workflowId' | 'status'>): string =>
  `workflow.${workflowId}.${status}`;
