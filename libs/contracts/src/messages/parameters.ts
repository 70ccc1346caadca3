import { z } from 'zod';
import type { JsonSchema } from '../job-types/define-job-type.js';

/** Parameter types of the protocol; `json` is Reelay's own for what fits none of the others. */
export const PARAMETER_TYPES = [
  'string',
  'integer',
  'float',
  'boolean',
  'array_of_strings',
  'requirements',
  'array_of_media_segments',
  'json',
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/**
 * One parameter of an order or an answer. A type that this side does not know is kept as it is;
 * `store` and `default` may stand beside the value.
 */
export const wireParameter = z.object({
  id: z.string().min(1),
  type: z.string(),
  value: z.unknown(),
  default: z.unknown().optional(),
  store: z.unknown().optional(),
});
export type WireParameter = z.infer<typeof wireParameter>;

/**
 * Turns parameters into the protocol's list. A whole number becomes an `integer`, unless the job
 * type's JSON Schema says `number`: then it is a `float`, since peers type their parameters.
 */
export function encodeParameters(parameters: Readonly<Record<string, unknown>>, schema?: JsonSchema): WireParameter[] {
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([id, value]) => ({ id, type: parameterType(value, declaredType(schema, id)), value }));
}

/**
 * Turns the protocol's list back into parameters. A value that is missing or null falls back to its
 * default; a null that has none stays null.
 */
export function decodeParameters(parameters: readonly WireParameter[]): Record<string, unknown> {
  return Object.fromEntries(parameters.map(({ id, value, default: fallback }) => [id, value ?? fallback ?? value]));
}

function declaredType(schema: JsonSchema | undefined, id: string): unknown {
  const properties = schema?.properties as Record<string, { type?: unknown } | undefined> | undefined;
  return properties?.[id]?.type;
}

function parameterType(value: unknown, declared: unknown): ParameterType {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'number':
      return Number.isInteger(value) && declared !== 'number' ? 'integer' : 'float';
    default:
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? 'array_of_strings' : 'json';
  }
}
