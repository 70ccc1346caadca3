import type { JobEvent } from '@reelay/contracts';
import type { ChangedJob } from '@reelay/persistence';

/** What is told of a job. @param at when it is told, ISO 8601 */
export const jobEventOf = ({ id, type, status, progress, workflowId }: ChangedJob, at: string): JobEvent => ({
  ...{ id, type, status, progress },
  ...(workflowId === null ? {} : { workflowId }),
  at,
});
