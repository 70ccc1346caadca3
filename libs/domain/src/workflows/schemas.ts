import type { JsonSchema } from '@reelay/contracts';

/** A JSON Schema as far as it is known; null when nothing is. */
export type Known = JsonSchema | null;

const asSchema = (value: unknown): Known =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : null;

/** The schemas that a value may fit: the branches of a union, or the schema itself. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const branches = [schema.anyOf, schema.oneOf].find(Array.isArray) as unknown[] | undefined;
  return branches ? branches.flatMap((branch) => alternatives(asSchema(branch) ?? {})) : [schema];
}

/** The types that a schema allows; null when it says nothing of them. */
export function typesOf(schema: Known): ReadonlySet<string> | null {
  if (!schema) return null;
  const types = new Set<string>();
  for (const { type, enum: values, const: constant } of alternatives(schema)) {
    const own = Array.isArray(values)
      ? values.map(typeOfValue)
      : constant !== undefined
        ? [typeOfValue(constant)]
        : [type].flat();
    if (own.some((name) => typeof name !== 'string')) return null;
    for (const name of own) types.add(name as string);
  }
  return types;
}

/** The JSON Schema type of a value. */
export function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** What is found at a field of a value: its schema, null when that is not known, undefined when there is no such field. */
export function fieldSchema(schema: Known, name: string): Known | undefined {
  if (!schema) return null;
  const found = alternatives(schema).map((branch): Known | undefined => {
    const properties = asSchema(branch.properties);
    if (properties && Object.hasOwn(properties, name)) return asSchema(properties[name]);
    const more = asSchema(branch.additionalProperties);
    if (more) return more;
    const types = typesOf(branch);
    const mayHold = !types || types.has('object');
    return mayHold && branch.additionalProperties !== false ? null : undefined;
  });
  return join(found);
}

/** What is found in a list: the schema of its items; undefined when it is no list. */
export function itemSchema(schema: Known): Known | undefined {
  if (!schema) return null;
  return join(
    alternatives(schema).map((branch) => {
      const types = typesOf(branch);
      if (types && !types.has('array')) return undefined;
      return asSchema(branch.items);
    }),
  );
}

/** What is known when a value fits one of several schemas. */
function join(found: readonly (Known | undefined)[]): Known | undefined {
  const there = found.filter((schema) => schema !== undefined);
  if (there.length === 0) return undefined;
  const known = there.filter((schema) => schema !== null);
  if (known.length < there.length) return null;
  return known.length === 1 ? (known[0] ?? null) : { anyOf: known };
}

/** Whether a value of one schema may fit another. Null fits: a field that is null is left out. */
export function mayFit(value: Known, wanted: Known): boolean {
  const [given, taken] = [typesOf(value), typesOf(wanted)];
  if (!given || !taken) return true;
  const types = [...given].filter((type) => type !== 'null');
  return types.length === 0 || types.some((type) => taken.has(type) || (isNumeric(type) && [...taken].some(isNumeric)));
}

const isNumeric = (type: string): boolean => type === 'integer' || type === 'number';

/** Types in a message. */
export const nameTypes = (schema: Known): string => [...(typesOf(schema) ?? ['anything'])].join(' or ');
