import type { SeenRecord } from '../source-under-test.ts';
import type { AvroRecords, Decoded } from './avro-records.ts';

export type Row = Readonly<Record<string, unknown>>;

/** An event of one connector, with the tombstone that follows it. */
export interface Change {
  readonly record: SeenRecord;
  readonly key: Decoded | null;
  readonly value: Decoded & { readonly value: Row };
  readonly tombstone: SeenRecord | null;
}

export interface Pair {
  readonly debezium: Change;
  readonly ours: Change;
}

/** The events of a topic, in the order of partitions and offsets. @throws Error for a tombstone that follows no event */
export async function changesOf(records: readonly SeenRecord[], avro: AvroRecords): Promise<Change[]> {
  const changes: Change[] = [];
  for (const [i, record] of records.entries()) {
    if (record.value === null) {
      const before = records[i - 1];
      if (!before?.value || before.partition !== record.partition)
        throw new Error('a tombstone follows no event');
      continue;
    }
    const next = records[i + 1];
    const tombstone = next && next.value === null && next.partition === record.partition ? next : null;
    const key = record.key === null ? null : await avro.decode(record.key);
    const value = (await avro.decode(record.value)) as Change['value'];
    changes.push({ record, key, value, tombstone });
  }
  return changes;
}

/**
 * Pairs what both connectors made of the same change: copied rows by their first column, which is unique, streamed
 * changes by their place in the table's order. @throws Error where one has a change that the other has not
 */
export function pairChanges(table: string, debezium: readonly Change[], ours: readonly Change[]): Pair[] {
  const copied = (changes: readonly Change[]): Change[] =>
    changes.filter(isCopied).sort((a, b) => (firstColumn(a) < firstColumn(b) ? -1 : 1));
  const streamed = (changes: readonly Change[]): Change[] => changes.filter((change) => !isCopied(change));
  return [
    ...zip(`${table}, copied`, copied(debezium), copied(ours)),
    ...zip(`${table}, streamed`, streamed(debezium), streamed(ours).sort(byPosition)),
  ];
}

function zip(what: string, debezium: readonly Change[], ours: readonly Change[]): Pair[] {
  const both = Math.min(debezium.length, ours.length);
  const pairs = Array.from({ length: both }, (_, i) => ({
    debezium: debezium[i] as Change,
    ours: ours[i] as Change,
  }));
  // The log record that an event comes from has one address, whoever reads it.
  const apart = pairs.findIndex(
    (pair) => sourceOf(pair.debezium)['snapshot'] === 'false' && lsn(pair.debezium) !== lsn(pair.ours),
  );
  if (apart >= 0) throw new Error(`${what}: at ${apart} the connectors have different changes`);
  if (debezium.length !== ours.length)
    throw new Error(`${what}: Debezium has ${debezium.length} changes, this source ${ours.length}`);
  return pairs;
}

export function sourceOf(change: Change): Row {
  return change.value.value['source'] as Row;
}

function lsn(change: Change): unknown {
  return sourceOf(change)['lsn'];
}

function isCopied(change: Change): boolean {
  return change.value.value['op'] === 'r';
}

function firstColumn(change: Change): bigint {
  return BigInt(String(Object.values(change.value.value['after'] as Row)[0]));
}

function byPosition(a: Change, b: Change): number {
  const [p, q] = [sourceOf(a), sourceOf(b)];
  const apart =
    (p['commit_lsn'] as bigint) - (q['commit_lsn'] as bigint) || (p['seq'] as bigint) - (q['seq'] as bigint);
  return apart < 0n ? -1 : apart > 0n ? 1 : 0;
}
