/** Share of the table between one changed key and the next: no divisor of a round number of rows, so none comes twice. */
const STRIDE = 0.618033;

/** SQL of the key of change number `k`, from 0: keys 1 to `rows` in an order that leaps over the whole table. */
export function spreadKey(rows: number, k: string): string {
  let stride = Math.floor(rows * STRIDE) | 1;
  while (divisor(stride, rows) !== 1) stride += 2;
  return `1 + (${k} * ${stride}::bigint) % ${rows}`;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}
