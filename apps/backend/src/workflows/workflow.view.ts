import type { WorkflowDetail, WorkflowJobView, WorkflowStepView, WorkflowSummary } from '@reelay/contracts';
import type { CompiledStep, CompiledTemplate, StepState } from '@reelay/domain';
import type { WorkflowJobRow, WorkflowRow } from '@reelay/persistence';

/** Percent. */
const WHOLE = 100;

/** A run as lists show it. */
export function toWorkflowSummary(row: WorkflowRow): WorkflowSummary {
  const { id, template, version, status, priority, input, output, error, stepsOver, stepsTotal } = row;
  return {
    ...{ id, template, version, status, priority, input, error },
    output: output ?? null,
    progress: status === 'completed' ? WHOLE : Math.floor((WHOLE * stepsOver) / Math.max(1, stepsTotal)),
    createdAt: row.createdAt.toISOString(),
    completedAt: row.completedAt?.toISOString() ?? null,
  };
}

/** A run with its graph. */
export function toWorkflowDetail(
  row: WorkflowRow,
  compiled: CompiledTemplate,
  states: ReadonlyMap<string, StepState>,
  jobs: readonly WorkflowJobRow[],
): WorkflowDetail {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const steps = compiled.template.steps.flatMap(({ id }) => {
    const [step, state] = [compiled.steps.get(id), states.get(id)];
    return step && state ? [toStepView(step, state, byId)] : [];
  });
  const summary = toWorkflowSummary(row);
  const mean = steps.reduce((sum, { progress }) => sum + progress, 0) / Math.max(1, steps.length);
  return {
    ...summary,
    progress: summary.status === 'completed' ? WHOLE : Math.floor(mean),
    steps,
    edges: [...compiled.steps.values()].flatMap(({ step, needs }) => needs.map((from) => ({ from, to: step.id }))),
  };
}

function toStepView(
  { step, needs, forEach }: CompiledStep,
  { record, failures, jobs }: StepState,
  rows: ReadonlyMap<string, WorkflowJobRow>,
): WorkflowStepView {
  const views = [
    ...jobs.map(({ id, branch, status, error }): WorkflowJobView => {
      const row = rows.get(id);
      return {
        ...{ id, branch, status, error, progress: row?.progress ?? 0 },
        startedAt: row?.startedAt?.toISOString() ?? null,
        completedAt: row?.completedAt?.toISOString() ?? null,
      };
    }),
    ...Object.entries(record.refused).map(([branch, error]): WorkflowJobView => ({
      ...{ id: null, branch: Number(branch), status: 'failed', progress: 0, error },
      ...{ startedAt: null, completedAt: null },
    })),
  ].sort((a, b) => a.branch - b.branch);
  const [failure] = failures;
  const isOver = ['completed', 'skipped'].includes(record.status);
  const sum = views.reduce((total, { progress }) => total + progress, 0);
  return {
    ...{ id: step.id, job: step.job, status: record.status, needs: [...needs], onError: step.onError },
    progress: isOver ? WHOLE : Math.floor(sum / Math.max(1, record.branches ?? 1)),
    when: step.when ?? null,
    isForEach: forEach !== null,
    branches: record.branches,
    error: failure ? { code: failure.code, message: failure.message } : null,
    jobs: views,
  };
}
