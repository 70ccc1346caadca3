import { ExpressionSyntaxError, tokenAt, type Token } from './tokens.js';

/** What a path begins with. */
const ROOTS = ['input', 'steps', 'item', 'index', 'workflow', 'fleet'] as const;
export type Root = (typeof ROOTS)[number];

/** A step down a path: a field, a place in a list, or every item of it. */
export type Segment = string | number | { readonly every: true };

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/';

/** An expression, read. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly root: Root; readonly segments: readonly Segment[] }
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[] };

/** How deep an expression may be nested. */
const MAX_DEPTH = 50;
/** Longest expression, in characters: a chain of operators is walked as deep as it is long. */
const MAX_LENGTH = 2_000;

const LITERALS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/** Operators from those that bind least to those that bind most. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/'],
];

/**
 * Reads the expression that begins at a place in a text and ends with `}`.
 * @returns it, and the place after the brace
 * @throws {ExpressionSyntaxError}
 */
export function parseExpression(text: string, from: number): { expression: Expression; end: number } {
  const parser = new Parser(text, from);
  const expression = parser.binary(0);
  return { expression, end: parser.finish() };
}

class Parser {
  private token: Token;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly from: number,
  ) {
    this.token = tokenAt(text, from);
  }

  finish(): number {
    if (this.token.kind === 'end') throw new ExpressionSyntaxError('the closing } is missing', this.from);
    if (!this.isSign('}')) throw this.unexpected();
    if (this.token.at - this.from > MAX_LENGTH) {
      throw new ExpressionSyntaxError(`an expression has at most ${String(MAX_LENGTH)} characters`, this.from);
    }
    return this.token.end;
  }

  binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (let operator = this.operator(operators); operator; operator = this.operator(operators)) {
      this.next();
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
    return left;
  }

  private operator(among: readonly BinaryOperator[]): BinaryOperator | undefined {
    return this.token.kind === 'sign' ? among.find((operator) => operator === this.token.text) : undefined;
  }

  private unary(): Expression {
    for (const operator of ['!', '-'] as const) {
      if (!this.isSign(operator)) continue;
      this.next();
      return { kind: 'unary', operator, operand: this.nested(() => this.unary()) };
    }
    return this.primary();
  }

  private primary(): Expression {
    const { kind, text, at } = this.token;
    if (this.isSign('(')) {
      this.next();
      const inner = this.nested(() => this.binary(0));
      this.expect(')');
      return inner;
    }
    if (kind !== 'number' && kind !== 'string' && kind !== 'name') throw this.unexpected();
    this.next();
    if (kind === 'number') return { kind: 'literal', value: Number(text) };
    if (kind === 'string') return { kind: 'literal', value: text };
    if (this.isSign('(')) return { kind: 'call', name: text, parameters: this.parameters() };
    if (Object.hasOwn(LITERALS, text)) return { kind: 'literal', value: LITERALS[text] ?? null };
    const root = ROOTS.find((name) => name === text);
    if (!root) throw new ExpressionSyntaxError(`${text} is none of ${ROOTS.join(', ')}`, at);
    return { kind: 'path', root, segments: this.segments() };
  }

  private parameters(): Expression[] {
    this.next();
    const parameters: Expression[] = [];
    while (!this.isSign(')')) {
      if (parameters.length > 0) this.expect(',');
      parameters.push(this.nested(() => this.binary(0)));
    }
    this.next();
    return parameters;
  }

  private segments(): Segment[] {
    const segments: Segment[] = [];
    for (;;) {
      if (this.isSign('.')) {
        this.next();
        if (this.token.kind !== 'name') throw this.unexpected();
        segments.push(this.token.text);
        this.next();
      } else if (this.isSign('[')) {
        this.next();
        segments.push(this.place());
        this.next();
        this.expect(']');
      } else return segments;
    }
  }

  private place(): Segment {
    const { kind, text } = this.token;
    if (this.isSign('*')) return { every: true };
    if (kind === 'string') return text;
    if (kind === 'number' && Number.isSafeInteger(Number(text))) return Number(text);
    throw this.unexpected();
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new ExpressionSyntaxError('it is nested too deeply', this.token.at);
    const value = read();
    this.depth--;
    return value;
  }

  private isSign(sign: string): boolean {
    return this.token.kind === 'sign' && this.token.text === sign;
  }

  private expect(sign: string): void {
    if (!this.isSign(sign)) throw this.unexpected(`, where ${sign} is expected`);
    this.next();
  }

  private next(): void {
    this.token = tokenAt(this.text, this.token.end);
  }

  private unexpected(more = ''): ExpressionSyntaxError {
    const { kind, text, at } = this.token;
    return new ExpressionSyntaxError(kind === 'end' ? 'it ends too early' : `unexpected ${text}${more}`, at);
  }
}

/** Every path in an expression. */
export function pathsOf(expression: Expression): Extract<Expression, { kind: 'path' }>[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'path':
      return [expression];
    case 'unary':
      return pathsOf(expression.operand);
    case 'binary':
      return [...pathsOf(expression.left), ...pathsOf(expression.right)];
    case 'call':
      return expression.parameters.flatMap(pathsOf);
  }
}
