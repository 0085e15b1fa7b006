/** Builds pgoutput messages as the documentation of Postgres describes them. */

export type Column = string | null | undefined;

export interface RelationOptions {
  readonly oid: number;
  readonly schema?: string;
  readonly table: string;
  readonly identity?: 'd' | 'f' | 'i' | 'n';
  readonly columns: readonly { readonly name: string; readonly typeOid: number; readonly key?: boolean }[];
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const text = (value: string): Buffer => Buffer.from(`${value}\0`);

/** A tuple: null is NULL, undefined an unchanged out-of-line value. */
function tuple(columns: readonly Column[]): Buffer {
  const cells = columns.map((column) => {
    if (column === null) return Buffer.from('n');
    if (column === undefined) return Buffer.from('u');
    const bytes = Buffer.from(column);
    return Buffer.concat([Buffer.from('t'), int32(bytes.length), bytes]);
  });
  return Buffer.concat([int16(columns.length), ...cells]);
}

export function begin(commitLsn: bigint, commitMicrosSince2000: bigint, xid: number): Buffer {
  return Buffer.concat([Buffer.from('B'), int64(commitLsn), int64(commitMicrosSince2000), int32(xid)]);
}

export function commit(commitLsn: bigint, endLsn: bigint): Buffer {
  return Buffer.concat([Buffer.from('C\0'), int64(commitLsn), int64(endLsn), int64(0n)]);
}

export function relation(options: RelationOptions): Buffer {
  return Buffer.concat([
    Buffer.from('R'),
    int32(options.oid),
    text(options.schema ?? 'public'),
    text(options.table),
    Buffer.from(options.identity ?? 'd'),
    int16(options.columns.length),
    ...options.columns.map((column) =>
      Buffer.concat([
        Buffer.from([column.key ? 1 : 0]),
        text(column.name),
        int32(column.typeOid),
        int32(0xffffffff),
      ]),
    ),
  ]);
}

export function insert(oid: number, row: readonly Column[]): Buffer {
  return Buffer.concat([Buffer.from('I'), int32(oid), Buffer.from('N'), tuple(row)]);
}

export function update(
  oid: number,
  row: readonly Column[],
  old?: readonly ['K' | 'O', readonly Column[]],
): Buffer {
  const before = old ? [Buffer.from(old[0]), tuple(old[1])] : [];
  return Buffer.concat([Buffer.from('U'), int32(oid), ...before, Buffer.from('N'), tuple(row)]);
}

export function remove(oid: number, old: readonly ['K' | 'O', readonly Column[]]): Buffer {
  return Buffer.concat([Buffer.from('D'), int32(oid), Buffer.from(old[0]), tuple(old[1])]);
}

export function truncate(...oids: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from('T'), int32(oids.length), Buffer.from([0]), ...oids.map(int32)]);
}

export function logical(transactional: boolean, lsn: bigint, prefix: string, content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([
    Buffer.from(['M'.charCodeAt(0), transactional ? 1 : 0]),
    int64(lsn),
    text(prefix),
    int32(bytes.length),
    bytes,
  ]);
}

/** The form that a message has between Stream Start and Stream Stop: the transaction's id is behind its tag. */
export function within(xid: number, message: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, 1), int32(xid), message.subarray(1)]);
}

export function streamStart(xid: number, first: boolean): Buffer {
  return Buffer.concat([Buffer.from('S'), int32(xid), Buffer.from([first ? 1 : 0])]);
}

export function streamStop(): Buffer {
  return Buffer.from('E');
}

export function streamCommit(xid: number, commitLsn: bigint, endLsn: bigint): Buffer {
  return Buffer.concat([
    Buffer.from('c'),
    int32(xid),
    Buffer.from([0]),
    int64(commitLsn),
    int64(endLsn),
    int64(0n),
  ]);
}

export function streamAbort(xid: number, subxid: number): Buffer {
  return Buffer.concat([Buffer.from('A'), int32(xid), int32(subxid), int64(0n), int64(0n)]);
}

/** @param tag `P` after Begin Prepare and its changes, `p` after streamed ones, `K` at COMMIT PREPARED */
export function prepared(tag: 'P' | 'p' | 'K', xid: number, lsn: bigint, endLsn: bigint): Buffer {
  const flags = Buffer.from([0]);
  return Buffer.concat([
    Buffer.from(tag),
    flags,
    int64(lsn),
    int64(endLsn),
    int64(0n),
    int32(xid),
    text('gid'),
  ]);
}

export function beginPrepare(xid: number, prepareLsn: bigint, endLsn: bigint): Buffer {
  return Buffer.concat([
    Buffer.from('b'),
    int64(prepareLsn),
    int64(endLsn),
    int64(0n),
    int32(xid),
    text('gid'),
  ]);
}

export function rollbackPrepared(xid: number, prepareEndLsn: bigint, endLsn: bigint): Buffer {
  const times = [int64(0n), int64(0n)];
  return Buffer.concat([
    Buffer.from('r\0'),
    int64(prepareEndLsn),
    int64(endLsn),
    ...times,
    int32(xid),
    text('gid'),
  ]);
}
