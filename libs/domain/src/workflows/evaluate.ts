import type { BinaryOperator, Expression, Root, Segment } from './expression.js';
import { EvaluationError, FUNCTIONS, isTrue, show, toText } from './functions.js';
import type { TemplateValue } from './template-text.js';

/** What the paths of expressions begin at. What is not there is null. */
export type Scope = Readonly<Partial<Record<Root, unknown>>>;

/**
 * The value of an expression.
 * @throws {EvaluationError}
 */
export function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'path':
      return follow(scope[expression.root] ?? null, expression.segments);
    case 'unary': {
      const value = evaluate(expression.operand, scope);
      return expression.operator === '!' ? !isTrue(value) : -numberFor('-', value);
    }
    case 'binary':
      return evaluateBinary(expression, scope);
    case 'call':
      return call(expression, scope);
  }
}

function follow(start: unknown, segments: readonly Segment[]): unknown {
  let value = start;
  for (const [index, segment] of segments.entries()) {
    if (typeof segment === 'object') {
      if (!Array.isArray(value)) return null;
      const rest = segments.slice(index + 1);
      return value.map((item: unknown) => follow(item, rest));
    }
    value = fieldOf(value, segment);
  }
  return value;
}

/** Only what a value holds itself: nothing that JavaScript adds to it. */
function fieldOf(value: unknown, segment: string | number): unknown {
  if (typeof segment === 'number') return (Array.isArray(value) ? (value as unknown[])[segment] : null) ?? null;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.hasOwn(value, segment) ? ((value as Record<string, unknown>)[segment] ?? null) : null;
}

function evaluateBinary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, scope: Scope): unknown {
  const a = evaluate(left, scope);
  if (operator === '&&') return isTrue(a) && isTrue(evaluate(right, scope));
  if (operator === '||') return isTrue(a) || isTrue(evaluate(right, scope));
  const b = evaluate(right, scope);
  if (operator === '==') return isSame(a, b);
  if (operator === '!=') return !isSame(a, b);
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (typeof a === 'string' && typeof b === 'string' && isComparison(operator)) return compare(operator, a, b);
  return calculate(operator, numberFor(operator, a), numberFor(operator, b));
}

const isComparison = (operator: BinaryOperator): boolean => ['<', '<=', '>', '>='].includes(operator);

/** Lists and objects are the same when their JSON is. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

function compare<T extends string | number>(operator: BinaryOperator, a: T, b: T): boolean {
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function calculate(operator: BinaryOperator, a: number, b: number): number | boolean {
  if (isComparison(operator)) return compare(operator, a, b);
  const result = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b;
  if (!Number.isFinite(result)) throw new EvaluationError(`${show(a)} ${operator} ${show(b)} is no number`);
  return result;
}

function numberFor(operator: string, value: unknown): number {
  if (typeof value !== 'number') throw new EvaluationError(`${operator} takes numbers, and ${show(value)} is none`);
  return value;
}

function call({ name, parameters }: Extract<Expression, { kind: 'call' }>, scope: Scope): unknown {
  const called = FUNCTIONS.get(name);
  if (!called) throw new EvaluationError(`there is no function ${name}`);
  // What is not chosen is not evaluated: it may be the very thing that the condition guards against.
  if (name === 'if') {
    const [condition, a, b] = parameters as [Expression, Expression, Expression];
    return evaluate(isTrue(evaluate(condition, scope)) ? a : b, scope);
  }
  return called.call(...parameters.map((parameter) => evaluate(parameter, scope)));
}

/** Whether a field with this value is left out: its expression gave nothing. */
const isLeftOut = (template: TemplateValue, value: unknown): boolean =>
  template.kind === 'expression' && value === null;

/**
 * A template's value with its expressions evaluated. A field whose expression is null is left out; an item of a list
 * stays null.
 * @throws {EvaluationError}
 */
export function fillIn(template: TemplateValue, scope: Scope): unknown {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'expression':
      return evaluate(template.expression, scope);
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : toText(evaluate(part, scope)))).join('');
    case 'list':
      return template.items.map((item) => fillIn(item, scope));
    case 'fields':
      return Object.fromEntries(
        [...template.fields]
          .map(([name, field]) => [name, field, fillIn(field, scope)] as const)
          .filter(([, field, value]) => !isLeftOut(field, value))
          .map(([name, , value]) => [name, value]),
      );
  }
}
