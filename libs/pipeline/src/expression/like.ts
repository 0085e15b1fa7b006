/** Tests a whole text against a LIKE pattern. */
export type LikeTest = (text: string) => boolean;

const ONE = 1;
const MANY = 2;

/**
 * Compiles `%`, `_` and `\`-escapes. One pass with a single place to fall back to (the last `%`), so that no pattern
 * takes more than text × pattern steps.
 */
export function likeTest(pattern: string): LikeTest {
  const literals: string[] = [];
  const kinds: number[] = [];
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] as string;
    const wildcard = character === '%' ? MANY : character === '_' ? ONE : 0;
    if (wildcard === MANY && kinds.at(-1) === MANY) continue;
    kinds.push(wildcard);
    literals.push(character === '\\' && i + 1 < characters.length ? (characters[++i] as string) : character);
  }
  const simple = simpleTest(kinds, literals);
  return simple ?? ((text) => walk(Array.from(text), kinds, literals));
}

function simpleTest(kinds: readonly number[], literals: readonly string[]): LikeTest | null {
  const inner = kinds.slice(1, -1);
  if (kinds.includes(ONE) || inner.includes(MANY)) return null;
  const opens = kinds[0] === MANY;
  const closes = kinds.length > 1 && kinds.at(-1) === MANY;
  const core = literals.slice(opens ? 1 : 0, closes ? -1 : undefined).join('');
  if (opens && closes) return (text) => text.includes(core);
  if (opens) return (text) => text.endsWith(core);
  return closes ? (text) => text.startsWith(core) : (text) => text === core;
}

function walk(text: readonly string[], kinds: readonly number[], literals: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let retryAt = -1;
  let retryNext = 0;
  while (at < text.length) {
    if (next < kinds.length && (kinds[next] === ONE || (kinds[next] === 0 && literals[next] === text[at]))) {
      at += 1;
      next += 1;
    } else if (next < kinds.length && kinds[next] === MANY) {
      retryAt = at;
      retryNext = ++next;
    } else if (retryAt >= 0) {
      at = ++retryAt;
      next = retryNext;
    } else return false;
  }
  while (kinds[next] === MANY) next += 1;
  return next === kinds.length;
}
