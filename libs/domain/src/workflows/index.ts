export { compileTemplate, type CompiledStep, type CompiledTemplate } from './compile.js';
export { EvaluationError } from './functions.js';
export { inputsSchema, withDefaultInputs, type StepType } from './infer.js';
export {
  newRecord,
  outcomesNeeded,
  parametersOf,
  planWorkflow,
  statesOf,
  type NodeStart,
  type PlanFacts,
  type WorkflowError,
  type WorkflowPlan,
} from './plan.js';
export * from './run.js';
export { validateTemplate, type TemplateFindings, type TemplateRules } from './validate.js';
