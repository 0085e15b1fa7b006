import { removalOf, type Action } from '@hasivu/delta';
import {
  type Engine,
  type FileCache,
  inPartition,
  LocalFiles,
  readFiles,
  storedAs,
  storedIds,
  TableVectors,
  unmarkedRows,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import type { PartitionColumn } from '../core/partition-spec.ts';
import type { LakeTable, TableEvolution } from './lake-table.ts';

/**
 * Rewrites every file of a table to a schema with wider columns and commits files and schema as one version. Readers
 * differ in which narrower Parquet types they accept for a column (that is Delta's typeWidening feature, which few
 * have), so no file keeps the old type. One file at a time: memory and disk stay bounded by one file.
 */
export async function commitWidened(
  table: LakeTable,
  evolution: TableEvolution,
  partitions: readonly PartitionColumn[],
  tools: { readonly engine: Engine; readonly cache: FileCache },
): Promise<void> {
  const files = [...table.delta.state.files.values()];
  const { schema, columns } = evolution;
  const outside = new Set(partitions.map((part) => part.name));
  const stored = schema.fields.filter((own) => !outside.has(own.name));
  const names = stored.map((own) => own.name);
  const actions: Action[] = [...evolution.actions];
  const local = new LocalFiles(table, tools.cache);
  for (const file of files) {
    const adds = await tools.engine.exclusively(`widening the columns of ${table.root}`, async (session) => {
      const groups = await local.groups([file]);
      // Names change without the files: the next names are those by which these are read too.
      const all = readFiles(
        stored,
        [],
        groups.map((group) => ({ ...group, columns })),
      );
      const marked = await new TableVectors(session, table, tools.cache, local).load([file]);
      const rows = marked ? unmarkedRows(all) : all;
      const written = await session.writeParquet(
        `SELECT ${names.map((name) => storedAs(columns, name)).join(', ')} FROM ${rows} ORDER BY __row`,
        'widened',
        Number.MAX_SAFE_INTEGER,
        [],
        { codec: table.codec, fieldIds: storedIds(columns, names) },
      );
      const named = inPartition(written, partitions, columns.namedValues(file.partitionValues));
      return uploadEngineFiles(table, tools.cache, named, stored, partitions, columns);
    });
    // Same rows in another type: for readers of the change stream nothing changed.
    actions.push(
      removalOf(file, Date.now(), false),
      ...adds.map((add) => ({ add: { ...add, dataChange: false } })),
    );
    await local.forget([file]);
    await tools.cache.trim();
  }
  await table.delta.commit({ actions, operation: 'CHANGE COLUMN' });
}
