/** A figure over several rounds. */
export interface Range {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function rangeOf(values: readonly number[], digits = 2): Range {
  const sorted = [...values].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return {
    median: round(median, digits),
    min: round(sorted[0] ?? NaN, digits),
    max: round(sorted.at(-1) ?? NaN, digits),
  };
}

/** Of values in ascending order, interpolated. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
