import type { BinaryText } from './binary-text.ts';

const FAMILY_V4 = 2;
const V4_BITS = 32;
const V6_BITS = 128;
const V6_WORDS = 8;

/** `inet`, `cidr`: family, prefix length, whether it is a network, address length, address. */
export const textOfInet: BinaryText = (src, start) => {
  const isV4 = src[start] === FAMILY_V4;
  const bits = src[start + 1] as number;
  const isNetwork = src[start + 2] === 1;
  const address = isV4 ? quad(src, start + 4) : words(src, start + 4);
  return isNetwork || bits !== (isV4 ? V4_BITS : V6_BITS) ? `${address}/${bits}` : address;
};

/** `macaddr`, `macaddr8`. */
export const textOfMac: BinaryText = (src, start, end) =>
  src.toString('hex', start, end).replace(/(..)(?=.)/g, '$1:');

function quad(src: Buffer, at: number): string {
  return src.subarray(at, at + 4).join('.');
}

function words(src: Buffer, at: number): string {
  const all = Array.from({ length: V6_WORDS }, (_, i) => src.readUInt16BE(at + i * 2));
  const { first, count } = longestZeros(all);
  const mapped = first === 0 && (count === 6 || (count === 5 && all[5] === 0xffff));
  if (mapped) return `::${count === 5 ? 'ffff:' : ''}${quad(src, at + 12)}`;
  const text = (from: number, to: number): string =>
    all
      .slice(from, to)
      .map((word) => word.toString(16))
      .join(':');
  return count < 2 ? text(0, V6_WORDS) : `${text(0, first)}::${text(first + count, V6_WORDS)}`;
}

/** The first of the longest runs of zero words. */
function longestZeros(all: readonly number[]): { readonly first: number; readonly count: number } {
  let best = { first: -1, count: 0 };
  for (let i = 0; i < all.length; i++) {
    let count = 0;
    while (all[i + count] === 0) count++;
    if (count > best.count) best = { first: i, count };
    i += count;
  }
  return best;
}
