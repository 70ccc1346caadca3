import { z } from 'zod';
import { JOB_TYPE_PATTERN } from '../topology.js';

/** Where a job's work belongs; each category has a limit of jobs running at once. */
export const RESOURCE_CATEGORIES = ['cpu', 'gpu_encode', 'gpu_ai'] as const;
export type ResourceCategory = (typeof RESOURCE_CATEGORIES)[number];

/** What both sides know of a job type: its name, needs, and the shapes of what goes in and out. */
export interface JobContract<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly category: ResourceCategory;
  /** Video memory that one job of this type needs on one device, in MB. */
  readonly vramMb: number;
  readonly label: string;
  readonly shortDescription: string;
  readonly description: string;
  readonly parameters: P;
  readonly result: R;
}

/** The parameters that a processor of this contract receives, with defaults filled in. */
export type ParametersOf<C extends JobContract> = z.output<C['parameters']>;
/** The result that a processor of this contract returns. */
export type ResultOf<C extends JobContract> = z.output<C['result']>;

/**
 * Declares a job type.
 * @throws {TypeError} when the name cannot serve as a queue and routing key.
 */
export function defineJobType<P extends z.ZodType, R extends z.ZodType>(
  type: string,
  spec: Omit<JobContract<P, R>, 'type'>,
): JobContract<P, R> {
  if (!JOB_TYPE_PATTERN.test(type)) {
    throw new TypeError(
      `job type "${type}" must match ${JOB_TYPE_PATTERN.source}: it is a queue's name and a routing key`,
    );
  }
  return { type, ...spec };
}

/** A JSON Schema document, as announced by workers and shown by the API. */
export type JsonSchema = Record<string, unknown>;

/** The draft-07 JSON Schema of what a client may send for a contract (defaults are optional). */
export function parametersJsonSchema(contract: JobContract): JsonSchema {
  return z.toJSONSchema(contract.parameters, { target: 'draft-7', io: 'input' });
}

/** The draft-07 JSON Schema of what a contract's jobs answer. */
export function resultJsonSchema(contract: JobContract): JsonSchema {
  return z.toJSONSchema(contract.result, { target: 'draft-7', io: 'output' });
}
