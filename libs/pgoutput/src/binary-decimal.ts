import { EXACT, UNREPRESENTABLE, type ColumnEncoder } from './column-encoder.ts';
import { DECIMAL_LIMBS, multiplyAdd, writeLargeDecimal, writeSmallDecimal } from './decimal-bytes.ts';

const SIGN_NEGATIVE = 0x40;
const SIGN_SPECIAL = 0xc0;
const GROUP = 4;
const HEADER_BYTES = 8;
/** Decimal digits that are an exact double. */
const EXACT_DIGITS = 15;
const POWERS = [1, 10, 100, 1000, 10000];

/**
 * `numeric(p,s)` with p ≤ 38 in its binary form (groups of four digits and the power of 10,000 of the first) to Avro's
 * decimal of `scale`. NaN and the infinities have no decimal: {@link UNREPRESENTABLE}.
 */
export function decimalBinaryEncoder(scale: number): ColumnEncoder {
  const limbs = new Uint32Array(DECIMAL_LIMBS);
  // Of the last group behind the point, only so many digits belong to the scale.
  const fractionGroups = Math.ceil(scale / GROUP);
  const kept = POWERS[scale - (fractionGroups - 1) * GROUP] as number;
  const dropped = 10000 / kept;
  return (src, start, _end, out) => {
    const sign = src[start + 4] as number;
    if ((sign & SIGN_SPECIAL) === SIGN_SPECIAL) return UNREPRESENTABLE;
    const groups = ((src[start] as number) << 8) | (src[start + 1] as number);
    const weight = (((src[start + 2] as number) << 24) >> 16) | (src[start + 3] as number);
    const negative = sign === SIGN_NEGATIVE;
    const first = start + HEADER_BYTES;
    const stop = first + groups * 2;
    // Groups from the first that is there down to the last that the scale reaches.
    const count = weight + 1 + fractionGroups;
    const isSmall = (weight + 1) * GROUP + scale <= EXACT_DIGITS;
    let value = 0;
    if (!isSmall) limbs.fill(0);
    for (let i = 0, at = first; i < count; i++, at += 2) {
      const digits = at < stop ? ((src[at] as number) << 8) | (src[at + 1] as number) : 0;
      const partial = fractionGroups > 0 && i === count - 1;
      const factor = partial ? kept : 10000;
      const addend = partial ? (digits / dropped) | 0 : digits;
      if (isSmall) value = value * factor + addend;
      else multiplyAdd(limbs, factor, addend);
    }
    if (isSmall) writeSmallDecimal(negative ? -value : value, out);
    else writeLargeDecimal(limbs, negative, out);
    return EXACT;
  };
}
