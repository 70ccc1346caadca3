/** A piece of an expression's text. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'sign' | 'end';
  readonly text: string;
  /** Where it begins in the whole text. */
  readonly at: number;
  /** Where it ends. */
  readonly end: number;
}

/** An expression that cannot be read. */
export class ExpressionSyntaxError extends Error {
  constructor(
    message: string,
    /** Place in the text. */
    readonly at: number,
  ) {
    super(`${message} (at character ${String(at + 1)})`);
    this.name = 'ExpressionSyntaxError';
  }
}

const SPACE = /\s*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy;
const SIGN = /==|!=|<=|>=|&&|\|\||[<>!+\-*/()[\].,}]/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

/** The token that begins at or after a place in a text; spaces are passed over. */
export function tokenAt(text: string, from: number): Token {
  const at = from + (match(SPACE, text, from)?.length ?? 0);
  const found = (kind: Token['kind'], value: string, length: number): Token => ({
    ...{ kind, text: value, at, end: at + length },
  });
  if (at >= text.length) return found('end', '', 0);
  const name = match(NAME, text, at);
  if (name !== null) return found('name', name, name.length);
  const number = match(NUMBER, text, at);
  if (number !== null) return found('number', number, number.length);
  const quoted = match(STRING, text, at);
  if (quoted !== null) return found('string', unescape(quoted.slice(1, -1)), quoted.length);
  const sign = match(SIGN, text, at);
  if (sign !== null) return found('sign', sign, sign.length);
  throw new ExpressionSyntaxError(`unexpected ${JSON.stringify(text[at])}`, at);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
