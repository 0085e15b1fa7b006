import { ExpressionMistake } from './expression-mistake.ts';

export interface Token {
  /** `name` in lower case as SQL folds it · `quoted` as written between double quotes · `end` after the last. */
  readonly kind: 'name' | 'quoted' | 'number' | 'string' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const SPACE = /\s+|--[^\n]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const STRING = /'(?:[^']|'')*'/y;
const QUOTED = /"(?:[^"]|"")+"/y;
const SYMBOL = /<>|!=|<=|>=|\|\||::|[-+*/%()=<>,]/y;

/** Splits an expression into tokens. @throws ExpressionMistake at the first character that starts none */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  while (at < source.length) {
    const space = take(SPACE);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const token = nextToken(take, at, source);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: 'the end', at });
  return tokens;
}

function nextToken(
  take: (pattern: RegExp) => string | null,
  at: number,
  source: string,
): { token: Token; length: number } {
  const number = take(NUMBER);
  if (number !== null) return made('number', number, number, at);
  const name = take(NAME);
  if (name !== null) return made('name', name.toLowerCase(), name, at);
  const string = take(STRING);
  if (string !== null) return made('string', string.slice(1, -1).replaceAll("''", "'"), string, at);
  const quoted = take(QUOTED);
  if (quoted !== null) return made('quoted', quoted.slice(1, -1).replaceAll('""', '"'), quoted, at);
  const symbol = take(SYMBOL);
  if (symbol !== null) return made('symbol', symbol, symbol, at);
  const character = source[at] as string;
  throw new ExpressionMistake(
    character === "'" || character === '"'
      ? `the ${character} is never closed`
      : `unexpected ${JSON.stringify(character)}`,
    at,
  );
}

function made(kind: Token['kind'], text: string, raw: string, at: number): { token: Token; length: number } {
  return { token: { kind, text, at }, length: raw.length };
}
