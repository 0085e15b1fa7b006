declare const lsnBrand: unique symbol;

/** A Postgres log position: an unsigned 64-bit byte offset into the write-ahead log. */
export type Lsn = bigint & { readonly [lsnBrand]: true };

/** Total order over one source: the LSN of the transaction's commit, then the event's number inside it (from 0). */
export interface Position {
  readonly commitLsn: Lsn;
  readonly seq: number;
}

const LSN_TEXT = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

export function toLsn(value: bigint): Lsn {
  return BigInt.asUintN(64, value) as Lsn;
}

/** Parses Postgres' own notation, e.g. `16/B374D848`. @throws RangeError when the text is not an LSN. */
export function parseLsn(text: string): Lsn {
  const match = LSN_TEXT.exec(text);
  if (!match) throw new RangeError(`not a Postgres log position: ${JSON.stringify(text)}`);
  return toLsn((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`));
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

export function comparePositions(a: Position, b: Position): number {
  if (a.commitLsn !== b.commitLsn) return a.commitLsn < b.commitLsn ? -1 : 1;
  return a.seq - b.seq;
}
