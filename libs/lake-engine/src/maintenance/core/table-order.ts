import type { DeltaStruct, Metadata } from '@hasivu/delta';

/** Entry of a table's configuration by which its writer names the key. */
const KEY_PROPERTY = 'hasivu.key';

export interface TableOrder {
  /** Columns that rows are sorted by within a file; empty where the table does not say. */
  readonly columns: readonly string[];
  /** Rows are replaced and deleted: not a change log. */
  readonly isMerged: boolean;
}

/** How a table of the lake is sorted: a change log by position, a current state by its key, a history by key and time. */
export function tableOrder(metadata: Metadata, schema: DeltaStruct): TableOrder {
  const partitions = new Set(metadata.partitionColumns);
  const names = new Set(schema.fields.map((own) => own.name).filter((name) => !partitions.has(name)));
  const known = (columns: readonly string[]): string[] => columns.filter((name) => names.has(name));
  if (names.has('_op')) return { columns: known(['_lsn', '_seq']), isMerged: false };
  const key = keyOf(metadata.configuration[KEY_PROPERTY]);
  if (key.length === 0) return { columns: known(['_lsn', '_seq']), isMerged: false };
  return { columns: known([...key, '_from_lsn', '_from_seq']), isMerged: true };
}

function keyOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    const key = JSON.parse(text) as unknown;
    return Array.isArray(key) ? key.filter((name): name is string => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
