import { parseExpression, type Expression } from './expression.js';
import { ExpressionSyntaxError } from './tokens.js';

/** A value of a template with its expressions read. */
export type TemplateValue =
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly TemplateValue[] }
  | { readonly kind: 'fields'; readonly fields: ReadonlyMap<string, TemplateValue> };

/** An expression that could not be read, and where in the value it stands. */
export interface ReadFault {
  readonly path: string;
  readonly message: string;
}

/** How deep values of a template may be nested. */
const MAX_DEPTH = 32;

/**
 * Reads all expressions in a value.
 * @param path of the value, which the faults begin with
 * @param faults takes what is found wrong; what is faulty is a null constant
 */
export function readValue(value: unknown, path: string, faults: ReadFault[], depth = 0): TemplateValue {
  if (depth > MAX_DEPTH) {
    faults.push({ path, message: `it is nested deeper than ${String(MAX_DEPTH)} levels` });
    return { kind: 'constant', value: null };
  }
  if (typeof value === 'string') return readText(value, path, faults);
  if (typeof value !== 'object' || value === null) return { kind: 'constant', value };
  const entries: [string, TemplateValue][] = Array.isArray(value)
    ? value.map((item, index) => ['', readValue(item, `${path}[${String(index)}]`, faults, depth + 1)])
    : Object.entries(value).map(([name, field]) => [name, readValue(field, fieldPath(path, name), faults, depth + 1)]);
  const read = entries.map(([, inner]) => inner);
  if (Array.isArray(value)) {
    return read.every(isConstant) ? { kind: 'constant', value: read.map(valueOf) } : { kind: 'list', items: read };
  }
  if (!read.every(isConstant)) return { kind: 'fields', fields: new Map(entries) };
  return { kind: 'constant', value: Object.fromEntries(entries.map(([name, inner]) => [name, valueOf(inner)])) };
}

/** The place of a field below a path, as faults name it. */
export const fieldPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const isConstant = ({ kind }: TemplateValue): boolean => kind === 'constant';
const valueOf = (read: TemplateValue): unknown => (read.kind === 'constant' ? read.value : null);

/** Takes a text apart: `${...}` is an expression, `$${` stands for the signs themselves. */
function readText(text: string, path: string, faults: ReadFault[]): TemplateValue {
  const parts: (string | Expression)[] = [];
  let plain = '';
  let from = 0;
  try {
    for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', from)) {
      if (at > from && text[at - 1] === '$') {
        plain += `${text.slice(from, at - 1)}\${`;
        from = at + 2;
        continue;
      }
      const { expression, end } = parseExpression(text, at + 2);
      parts.push(plain + text.slice(from, at), expression);
      plain = '';
      from = end;
    }
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error;
    faults.push({ path, message: error.message });
    return { kind: 'constant', value: null };
  }
  const rest = plain + text.slice(from);
  if (parts.length === 0) return { kind: 'constant', value: rest };
  const [before, only] = parts;
  if (parts.length === 2 && before === '' && rest === '' && typeof only === 'object') {
    return { kind: 'expression', expression: only };
  }
  return { kind: 'text', parts: [...parts, rest].filter((part) => part !== '') };
}

/** Every expression in a value. */
export function expressionsOf(value: TemplateValue): Expression[] {
  switch (value.kind) {
    case 'constant':
      return [];
    case 'expression':
      return [value.expression];
    case 'text':
      return value.parts.filter((part) => typeof part !== 'string');
    case 'list':
      return value.items.flatMap(expressionsOf);
    case 'fields':
      return [...value.fields.values()].flatMap(expressionsOf);
  }
}
