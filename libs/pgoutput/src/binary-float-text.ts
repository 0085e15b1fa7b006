import type { BinaryText } from './binary-text.ts';

// Outside of these decimal exponents Postgres prints scientific notation.
const LEAST_FIXED_EXPONENT = -4;
const DOUBLE_FIXED_DIGITS = 15;
const FLOAT_FIXED_DIGITS = 6;
const TWO_53 = 2 ** 53;
/** What `toExponential` gives at most. */
const MOST_DIGITS = 100;

export const textOfFloat4: BinaryText = (src, start) => {
  const value = src.readFloatBE(start);
  return special(value) ?? notation(shortestFloat(value), FLOAT_FIXED_DIGITS);
};

export const textOfFloat8: BinaryText = (src, start) => float8Text(src.readDoubleBE(start));

/** `float8out` with `extra_float_digits` above 0: the shortest text that reads back as the same number. */
export function float8Text(value: number): string {
  return special(value) ?? notation(shortestDouble(value), DOUBLE_FIXED_DIGITS);
}

function special(value: number): string | undefined {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (Number.isFinite(value)) return undefined;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** From JavaScript's `d.ddde±x` to Postgres' choice of notation. */
function notation(scientific: string, fixedDigits: number): string {
  const [mantissa = '', power = ''] = scientific.split('e');
  const negative = mantissa.startsWith('-');
  const digits = mantissa.replace(/[-.]/g, '');
  const exponent = Number(power);
  const sign = negative ? '-' : '';
  if (exponent < LEAST_FIXED_EXPONENT || exponent >= fixedDigits) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0] ?? ''}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const rest = digits.slice(exponent + 1);
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`;
}

/**
 * JavaScript's shortest digits, except where they lie exactly between two doubles: JavaScript takes them when reading
 * rounds to even, Postgres does not. That happens to integers only.
 */
function shortestDouble(value: number): string {
  const shortest = value.toExponential();
  if (Math.abs(value) < TWO_53 || !isHalfway(value, shortest)) return shortest;
  for (let digits = 1; digits <= 17; digits++) {
    const longer = value.toExponential(digits - 1);
    if (Number(longer) === value && !isHalfway(value, longer)) return longer;
  }
  return shortest;
}

function isHalfway(value: number, scientific: string): boolean {
  const [mantissa = '', power = ''] = scientific.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = Number(power) - fraction.length;
  if (scale < 0) return false;
  const decimal = BigInt(whole + fraction) * 10n ** BigInt(scale);
  const twice = 2n * (decimal - BigInt(value));
  if (twice === 0n) return false;
  const bits = new BigInt64Array([0n]);
  const number = new Float64Array(bits.buffer);
  number[0] = Math.abs(value);
  // Away from zero the neighbour is one step up, towards zero one step down.
  bits[0] = (bits[0] as bigint) + (twice > 0n === value > 0 ? 1n : -1n);
  if (!Number.isFinite(number[0])) return false;
  const gap = BigInt(number[0]) - BigInt(Math.abs(value));
  return (twice < 0n ? -twice : twice) === (gap < 0n ? -gap : gap);
}

function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = nearestEven(value, digits);
    if (readsBack(text, value)) return text;
    // At a power of two the gap above is twice the gap below: the nearest text may miss where the next one up does not.
    const up = nextUp(text);
    if (readsBack(up, value)) return up;
  }
  return value.toExponential(8);
}

/** The nearest decimal of so many digits; of two that are equally near JavaScript takes the larger, Postgres the even one. */
function nearestEven(value: number, digits: number): string {
  const nearest = value.toExponential(digits - 1);
  const [mantissa = '', power = ''] = value.toExponential(MOST_DIGITS).split('e');
  const exact = mantissa.replace(/0+$/, '');
  const isTie = exact.endsWith('5') && exact.replace(/[-.]/g, '').length === digits + 1;
  if (!isTie) return nearest;
  const truncated = exact.slice(0, -1).replace(/\.$/, '');
  return Number(truncated.at(-1)) % 2 === 0 ? `${truncated}e${power}` : nearest;
}

/** Strictly inside the interval that rounds to `value`. */
function readsBack(text: string, value: number): boolean {
  const read = Number(text);
  if (Math.fround(read) !== value) return false;
  if (read === value) return true;
  const bits = new Int32Array(1);
  const neighbour = new Float32Array(bits.buffer);
  neighbour[0] = value;
  bits[0] = (bits[0] as number) + (Math.abs(read) > Math.abs(value) ? 1 : -1);
  return read !== (value + neighbour[0]) / 2;
}

/** The decimal of as many digits that is one unit of the last digit further from zero. */
function nextUp(scientific: string): string {
  const [mantissa = '', power = ''] = scientific.split('e');
  const digits = mantissa.replace(/[-.]/g, '');
  const next = String(BigInt(digits) + 1n);
  const exponent = Number(power) + next.length - digits.length;
  const sign = mantissa.startsWith('-') ? '-' : '';
  return Number(`${sign}${next}e${exponent - next.length + 1}`).toExponential(digits.length - 1);
}
