type Position = bigint | number;
const SHOWN = 5;

/**
 * Fails unless every number from the smallest to the largest is there; order and repeats do not matter. `from` and `to`
 * say where the sequence must begin and end: without them a loss at either end cannot be seen.
 */
export function assertNoGaps(
  positions: Iterable<Position>,
  bounds: { readonly from?: Position; readonly to?: Position } = {},
): void {
  const sorted = [...new Set([...positions].map(BigInt))].sort(ascending);
  const holes: string[] = [];
  const expectNext = (expected: bigint, found: bigint): void => {
    if (found > expected) holes.push(found - expected === 1n ? `${expected}` : `${expected}..${found - 1n}`);
  };
  const first = sorted[0];
  if (first === undefined) {
    if (bounds.from === undefined && bounds.to === undefined)
      throw new Error('no gaps to look for: there is no position at all');
    throw new Error(`every position is missing: ${bounds.from ?? '…'}..${bounds.to ?? '…'}`);
  }
  let expected = bounds.from === undefined ? first : BigInt(bounds.from);
  if (first < expected) throw new Error(`position ${first} lies before the first expected one, ${expected}`);
  for (const position of sorted) {
    expectNext(expected, position);
    expected = position + 1n;
  }
  if (bounds.to !== undefined) {
    if (expected - 1n > BigInt(bounds.to))
      throw new Error(`position ${expected - 1n} lies after the last expected one, ${bounds.to}`);
    expectNext(expected, BigInt(bounds.to) + 1n);
  }
  if (holes.length > 0) throw new Error(`${holes.length} gaps: ${shown(holes)}`);
}

/** Fails when a key comes more than once, and names the first few. */
export function assertNoDuplicates(keys: Iterable<string | Position>): void {
  const seen = new Set<string | Position>();
  const twice = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) twice.add(String(key));
    seen.add(key);
  }
  if (twice.size > 0) throw new Error(`${twice.size} keys come more than once: ${shown([...twice])}`);
}

function ascending(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function shown(items: readonly string[]): string {
  return items.slice(0, SHOWN).join(', ') + (items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '');
}
