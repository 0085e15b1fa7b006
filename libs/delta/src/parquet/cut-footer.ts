import { ThriftCursor } from './thrift-cursor.ts';
import { THRIFT } from './thrift-compact-writer.ts';

/** Fields of Parquet's FileMetaData and RowGroup, by their Thrift numbers. */
const FILE_FIELD = { numRows: 3, rowGroups: 4 } as const;
const GROUP_FIELD = { numRows: 3 } as const;

/**
 * The footer of a file that has only some of its row groups, without another byte changed: the places of their columns are
 * those in the whole file. Readers number its rows as if the others had never been there.
 * @param footer the file's metadata, without its length and the magic number @param isKept of each row group by its number
 */
export function cutFooter(footer: Uint8Array, isKept: (rowGroup: number) => boolean): Buffer {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength);
  const cursor = new ThriftCursor(bytes, 0);
  const groups: Buffer[] = [];
  let rows = 0;
  const places = { rows: [0, 0], groups: [0, 0] };
  cursor.fields((field, type) => {
    const start = cursor.at;
    if (field === FILE_FIELD.rowGroups && type === THRIFT.list) {
      const { count } = cursor.list();
      for (let group = 0; group < count; group += 1) {
        const from = cursor.at;
        const own = readRowCount(cursor);
        if (!isKept(group)) continue;
        groups.push(bytes.subarray(from, cursor.at));
        rows += own;
      }
      places.groups = [start, cursor.at];
    } else cursor.skip(type);
    if (field === FILE_FIELD.numRows) places.rows = [start, cursor.at];
  });
  const [rowsFrom = 0, rowsTo = 0] = places.rows;
  const [groupsFrom = 0, groupsTo = 0] = places.groups;
  if (rowsTo === 0 || groupsFrom < rowsTo) throw new RangeError('the footer has no row groups');
  return Buffer.concat([
    bytes.subarray(0, rowsFrom),
    // A positive number in zigzag is twice itself.
    varint(BigInt(rows) * 2n),
    bytes.subarray(rowsTo, groupsFrom),
    Buffer.of(0xf0 | THRIFT.struct),
    varint(BigInt(groups.length)),
    ...groups,
    bytes.subarray(groupsTo, cursor.at),
  ]);
}

/** Passes over a row group. @returns how many rows it has */
function readRowCount(cursor: ThriftCursor): number {
  let rows = 0;
  cursor.fields((field, type) => {
    if (field === GROUP_FIELD.numRows) rows = cursor.integer();
    else cursor.skip(type);
  });
  return rows;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
