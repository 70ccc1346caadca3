import { ApiError } from '../http/api-error.js';

/** What is answered where there is no such workflow. */
export const workflowNotFound = (id: string): ApiError =>
  new ApiError(404, 'WORKFLOW_NOT_FOUND', `There is no workflow ${id}`);

/** What is answered where the state of a workflow does not allow something. */
export const workflowConflict = (status: string, what: string): ApiError =>
  new ApiError(409, 'WORKFLOW_STATE_CONFLICT', `A workflow that is ${status} cannot be ${what}`);
