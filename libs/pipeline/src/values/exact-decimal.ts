import { Fault } from './fault.ts';

const POWERS: bigint[] = Array.from({ length: 78 }, (_, n) => 10n ** BigInt(n));

export function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}

/** Moves an unscaled integer to another scale; digits that fall off round half away from zero, as in Postgres. */
export function rescale(unscaled: bigint, fromScale: number, toScale: number): bigint {
  if (toScale >= fromScale) return unscaled * powerOfTen(toScale - fromScale);
  return divideRounding(unscaled, powerOfTen(fromScale - toScale));
}

/** Integer division, half away from zero. */
export function divideRounding(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** @throws Fault when the value has more digits than the precision allows */
export function checkPrecision(unscaled: bigint, precision: number): bigint {
  const limit = powerOfTen(precision);
  if (unscaled >= limit || unscaled <= -limit) throw new Fault(`more than ${precision} digits`);
  return unscaled;
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Parses `-12.50` or `1.2e3`; null when the text is no number. */
export function parseDecimal(text: string): { unscaled: bigint; scale: number } | null {
  const match = DECIMAL_TEXT.exec(text);
  if (!match) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const digits = BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  const magnitude = scale < 0 ? digits * powerOfTen(-scale) : digits;
  return { unscaled: sign === '-' ? -magnitude : magnitude, scale: Math.max(0, scale) };
}
