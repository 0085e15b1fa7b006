import { padded, type BinaryText } from './binary-text.ts';

const SIGN_NEGATIVE = 0x4000;
const SPECIAL: Readonly<Record<number, string>> = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' };
const GROUP = 4;
const HEADER_BYTES = 8;

/** `numeric`: groups of four decimal digits, the power of 10,000 of the first, and the digits to show after the point. */
export const textOfNumeric: BinaryText = (src, start) => {
  const groups = src.readInt16BE(start);
  const weight = src.readInt16BE(start + 2);
  const sign = src.readUInt16BE(start + 4);
  const scale = src.readUInt16BE(start + 6);
  const special = SPECIAL[sign];
  if (special !== undefined) return special;
  const group = (i: number): string =>
    i >= 0 && i < groups ? padded(src.readInt16BE(start + HEADER_BYTES + i * 2), GROUP) : '0000';
  let whole = '';
  for (let i = 0; i <= weight; i++) whole += group(i);
  let fraction = '';
  for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i);
  const text = `${sign === SIGN_NEGATIVE ? '-' : ''}${whole.replace(/^0+/, '') || '0'}`;
  return scale > 0 ? `${text}.${fraction.slice(0, scale)}` : text;
};
