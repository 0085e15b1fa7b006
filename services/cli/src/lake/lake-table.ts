import { randomUUID } from 'node:crypto';
import {
  DeltaTable,
  type DeltaSurroundings,
  type LogStore,
  type TableMoment,
  type TableSnapshot,
} from '@hasivu/delta';
import { describeReference, parseReference, unknownTable, type TableReference } from './table-reference.ts';

/** Opens a table of the lake as of its newest version, or of a moment. @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_* */
export async function openLakeTable(
  store: LogStore,
  reference: TableReference,
  moment?: TableMoment,
): Promise<TableSnapshot> {
  const table = reference.schema === '' ? null : await openAt(store, rootOf(reference), moment);
  if (table) return table;
  const why = reference.schema === '' ? 'the name has two parts, tables of the lake have three' : undefined;
  throw unknownTable(describeReference(reference), why);
}

function openAt(
  store: LogStore,
  root: string,
  moment: TableMoment | undefined,
): Promise<TableSnapshot | null> {
  const around = surroundings(store);
  return moment === undefined ? DeltaTable.open(root, around) : DeltaTable.openAt(root, moment, around);
}

/** Opens a table by its name, to change it. @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_* */
export async function openNamedTable(store: LogStore, name: string): Promise<DeltaTable> {
  const table = await DeltaTable.open(rootOf(parseReference(name)), surroundings(store));
  if (table === null) throw unknownTable(name);
  return table;
}

/** What tables of the lake are opened with here. */
export function surroundings(store: LogStore): DeltaSurroundings {
  return { store, nowMs: () => Date.now(), newId: randomUUID };
}

/** Folder of the table in the lake. */
export function rootOf({ layer, schema, table }: TableReference): string {
  return `${layer}/${schema}/${table}`;
}
