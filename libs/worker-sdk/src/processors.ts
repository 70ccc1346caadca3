import { WorkerError } from './errors.js';
import type { JobProcessor, PreparedWorker, WorkerDefinition } from './processor.js';

/**
 * The processors of a service by job type.
 * @param only serve just these job types; null for all
 * @throws {WorkerError} naming a job type that is served twice, or asked for and not served
 */
export function indexProcessors(
  { app }: Pick<WorkerDefinition, 'app'>,
  { processors }: PreparedWorker,
  only: readonly string[] | null,
): ReadonlyMap<string, JobProcessor> {
  const byType = new Map<string, JobProcessor>();
  for (const processor of processors) {
    const { type } = processor.contract;
    if (byType.has(type)) {
      throw new WorkerError('PROCESSORS_UNFIT', `${app} has two processors for job type ${type}: remove one of them`);
    }
    byType.set(type, processor);
  }
  if (byType.size === 0) {
    throw new WorkerError('PROCESSORS_UNFIT', `${app} has no processor: return at least one from prepare()`);
  }
  if (only === null) return byType;
  const missing = only.filter((type) => !byType.has(type));
  if (missing.length > 0) {
    throw new WorkerError(
      'PROCESSORS_UNFIT',
      `WORKER_JOB_TYPES names ${missing.join(', ')}, but ${app} serves ${[...byType.keys()].join(', ')}`,
    );
  }
  return new Map([...byType].filter(([type]) => only.includes(type)));
}
