/** A call that cannot be made with these values. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** A function of expressions: how many parameters it takes, what type it gives, and what it does. */
interface ExpressionFunction {
  readonly least: number;
  readonly most: number;
  /** JSON Schema types of the value that it gives; null where that depends on the parameters. */
  readonly gives: readonly string[] | null;
  readonly call: (...values: unknown[]) => unknown;
}

const ANY_NUMBER = Number.MAX_SAFE_INTEGER;

function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new EvaluationError(`${show(value)} is not a number`);
  return value;
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new EvaluationError(`${show(value)} is not a text`);
  return value;
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new EvaluationError(`${show(value)} is not a list`);
  return value;
}

/** A value in a message, cut short. */
export function show(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Numbers one by one, or one list of them. */
const numbers = (values: readonly unknown[]): number[] => {
  const [first] = values;
  return (values.length === 1 && Array.isArray(first) ? asList(first) : values).map(asNumber);
};

const basename = (path: unknown): string => asText(path).split('/').at(-1) ?? '';

/** The functions of expressions, by name. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map<string, ExpressionFunction>([
  [
    'coalesce',
    { least: 1, most: ANY_NUMBER, gives: null, call: (...values) => values.find((value) => value !== null) ?? null },
  ],
  ['if', { least: 3, most: 3, gives: null, call: (condition, a, b) => (isTrue(condition) ? a : b) }],
  ['length', { least: 1, most: 1, gives: ['integer'], call: lengthOf }],
  ['min', { least: 1, most: ANY_NUMBER, gives: ['number'], call: (...values) => extreme(numbers(values), 'min') }],
  ['max', { least: 1, most: ANY_NUMBER, gives: ['number'], call: (...values) => extreme(numbers(values), 'max') }],
  ['floor', { least: 1, most: 1, gives: ['integer'], call: (value) => Math.floor(asNumber(value)) }],
  ['round', { least: 1, most: 1, gives: ['integer'], call: (value) => Math.round(asNumber(value)) }],
  [
    'join',
    { least: 2, most: 2, gives: ['string'], call: (list, between) => asList(list).map(toText).join(asText(between)) },
  ],
  ['concat', { least: 1, most: ANY_NUMBER, gives: ['array'], call: (...lists) => lists.flatMap(asList) }],
  ['basename', { least: 1, most: 1, gives: ['string'], call: basename }],
  ['stem', { least: 1, most: 1, gives: ['string'], call: (path) => basename(path).replace(/(?<=.)\.[^.]*$/, '') }],
]);

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  throw new EvaluationError(`${show(value)} has no length`);
}

function extreme(values: readonly number[], which: 'min' | 'max'): number {
  if (values.length === 0) throw new EvaluationError(`${which} of no numbers`);
  return values.reduce((a, b) => Math[which](a, b));
}

/** Null counts as false; anything else must be a truth value. */
export function isTrue(value: unknown): boolean {
  if (value === null) return false;
  if (typeof value !== 'boolean') throw new EvaluationError(`${show(value)} is neither true nor false`);
  return value;
}

/** A value within a text. */
export function toText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
