import { decimalShape, type DeltaType } from '@hasivu/delta';

/** Sign of `left − right` in the order of the type, from the texts that statistics and partition values hold; null when it cannot be said. */
export function compareBounds(type: DeltaType, left: string, right: string): number | null {
  if (type === 'byte' || type === 'short' || type === 'integer' || type === 'long')
    return isInteger(left) && isInteger(right) ? sign(BigInt(left) - BigInt(right)) : null;
  if (type === 'float' || type === 'double') return number(Number(left) - Number(right));
  if (type === 'date' || type === 'timestamp' || type === 'timestamp_ntz')
    return number(momentMs(left) - momentMs(right));
  if (type === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right));
  const decimal = decimalShape(type);
  if (decimal === null) return null;
  const [a, b] = [unscaled(left, decimal.scale), unscaled(right, decimal.scale)];
  return a === null || b === null ? null : sign(a - b);
}

/** Milliseconds since 1970 of a date or a timestamp as the log has it; a time without a zone is one of UTC. */
export function momentMs(text: string): number {
  const iso = text.replace(' ', 'T');
  const hasTime = iso.includes('T');
  const zoned = !hasTime || /(?:Z|[+-]\d\d:?\d\d)$/u.test(iso) ? iso : `${iso}Z`;
  return Date.parse(zoned);
}

function isInteger(text: string): boolean {
  return /^-?\d+$/u.test(text);
}

function unscaled(value: string, scale: number): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/u.exec(value);
  if (match === null) return null;
  const [, minus = '', whole = '0', fraction = ''] = match;
  return BigInt(`${minus}${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
}

function number(difference: number): number | null {
  return Number.isNaN(difference) ? null : Math.sign(difference);
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
