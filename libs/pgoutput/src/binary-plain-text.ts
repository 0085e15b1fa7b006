import type { BinaryText } from './binary-text.ts';

/** `bool`. */
export const textOfBoolean: BinaryText = (src, start) => (src[start] === 0 ? 'f' : 't');

export const textOfInt16: BinaryText = (src, start) => String(src.readInt16BE(start));
export const textOfInt32: BinaryText = (src, start) => String(src.readInt32BE(start));
export const textOfInt64: BinaryText = (src, start) => String(src.readBigInt64BE(start));
/** `oid`, `xid`, `cid`. */
export const textOfUint32: BinaryText = (src, start) => String(src.readUInt32BE(start));
/** `xid8`. */
export const textOfUint64: BinaryText = (src, start) => String(src.readBigUInt64BE(start));

/** `tid`: block and line. */
export const textOfTid: BinaryText = (src, start) =>
  `(${src.readUInt32BE(start)},${src.readUInt16BE(start + 4)})`;

/** `"char"`: one byte; zero prints as nothing, a byte above ASCII in octal. */
export const textOfChar: BinaryText = (src, start) => {
  const byte = src[start] as number;
  if (byte === 0) return '';
  return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
};

/** `bytea` in hex style. */
export const textOfBytea: BinaryText = (src, start, end) => `\\x${src.toString('hex', start, end)}`;

/** `uuid`. */
export const textOfUuid: BinaryText = (src, start) => {
  const hex = src.toString('hex', start, start + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** `money` under `lc_monetary` C: dollars, groups of three. */
export const textOfMoney: BinaryText = (src, start) => {
  const cents = src.readBigInt64BE(start);
  const size = cents < 0n ? -cents : cents;
  const dollars = String(size / 100n).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${cents < 0n ? '-' : ''}$${dollars}.${String(size % 100n).padStart(2, '0')}`;
};

/** `bit`, `varbit`: the number of bits, then the bits. */
export const textOfBits: BinaryText = (src, start, end) => {
  let text = '';
  for (let i = start + 4; i < end; i++) text += (src[i] as number).toString(2).padStart(8, '0');
  return text.slice(0, src.readInt32BE(start));
};

/** `pg_lsn`. */
export const textOfLsn: BinaryText = (src, start) =>
  `${hex(src.readUInt32BE(start))}/${hex(src.readUInt32BE(start + 4))}`;

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}

/** `pg_snapshot`, `txid_snapshot`: bounds and the transactions in progress between them. */
export const textOfSnapshot: BinaryText = (src, start) => {
  const running = Array.from({ length: src.readInt32BE(start) }, (_, i) =>
    src.readBigUInt64BE(start + 20 + i * 8),
  );
  return `${src.readBigUInt64BE(start + 4)}:${src.readBigUInt64BE(start + 12)}:${running.join(',')}`;
};
