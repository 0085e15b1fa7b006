import type { SeenRecord } from '../source-under-test.ts';
import type { AvroRecords } from './avro-records.ts';
import type { Row } from './change-pairs.ts';
import { typeOf, type Difference } from './difference.ts';

interface Boundary {
  readonly xid: string;
  readonly value: Row;
}

/**
 * Finds what differs between the BEGIN and END records of the same transactions, which are in the order of commits.
 * @throws Error where one connector has a transaction that the other has not. Returns how many records were compared
 */
export async function compareTransactions(
  debezium: readonly SeenRecord[],
  ours: readonly SeenRecord[],
  avro: AvroRecords,
  report: (difference: Difference) => void,
): Promise<number> {
  const [theirs, mine] = [await boundaries(debezium, avro), await boundaries(ours, avro)];
  const apart = theirs.findIndex(
    ({ xid, value }, i) => xid !== mine[i]?.xid || value['status'] !== mine[i]?.value['status'],
  );
  if (apart >= 0 || theirs.length !== mine.length)
    throw new Error(
      `boundaries of transactions: ${theirs.length} and ${mine.length}, apart from ${apart} on`,
    );
  theirs.forEach((boundary, i) => compare(boundary.value, (mine[i] as Boundary).value, report));
  return theirs.length;
}

function compare(debezium: Row, ours: Row, report: (difference: Difference) => void): void {
  const differ = (path: string, a: unknown, b: unknown): void => {
    if (a === b) return;
    const type = typeOf('string');
    const [left, right] = [a, b].map((value) => (value === undefined ? null : { type, value }));
    const place = {
      table: 'transactions',
      op: String(debezium['status']),
      path,
      pgType: '',
      column: '',
      pair: null,
    };
    report({ ...place, debezium: left ?? null, ours: right ?? null });
  };
  for (const field of new Set([...Object.keys(debezium), ...Object.keys(ours)])) {
    if (field === 'data_collections') continue;
    differ(field, debezium[field], ours[field]);
  }
  const [a, b] = [counts(debezium), counts(ours)];
  for (const table of new Set([...a.keys(), ...b.keys()]))
    differ(`data_collections.${table}`, a.get(table), b.get(table));
}

function counts(value: Row): ReadonlyMap<string, unknown> {
  const list = (value['data_collections'] ?? []) as readonly Row[];
  return new Map(list.map((one) => [String(one['data_collection']), one['event_count']]));
}

async function boundaries(records: readonly SeenRecord[], avro: AvroRecords): Promise<Boundary[]> {
  const found: Boundary[] = [];
  for (const { key, value } of records) {
    if (key === null || value === null) throw new Error('a boundary of a transaction has no key or no value');
    const row = (await avro.decode(value)).value as Row;
    const id = ((await avro.decode(key)).value as Row)['id'];
    if (id !== row['id']) throw new Error('a boundary of a transaction has a key of another');
    found.push({ xid: String(id).split(':')[0] as string, value: row });
  }
  return found;
}
