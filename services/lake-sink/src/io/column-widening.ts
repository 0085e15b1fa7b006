import { removalOf, type Action, type DeltaStruct } from '@hasivu/delta';
import {
  type Engine,
  type FileCache,
  identifier,
  LocalFiles,
  readFiles,
  TableVectors,
  unmarkedRows,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import type { PartitionColumn } from '../core/partition-spec.ts';
import type { LakeTable } from './lake-table.ts';

/**
 * Rewrites every file of a table to a schema with wider columns and commits files and schema as one version. Readers
 * differ in which narrower Parquet types they accept for a column (that is Delta's typeWidening feature, which few
 * have), so no file keeps the old type. One file at a time: memory and disk stay bounded by one file.
 */
export async function commitWidened(
  table: LakeTable,
  evolution: { readonly actions: readonly Action[]; readonly schema: DeltaStruct },
  partitions: readonly PartitionColumn[],
  tools: { readonly engine: Engine; readonly cache: FileCache },
): Promise<void> {
  const files = [...table.delta.state.files.values()];
  const outside = new Set(table.partitionColumns);
  const stored = evolution.schema.fields.filter((own) => !outside.has(own.name));
  const actions: Action[] = [...evolution.actions];
  const local = new LocalFiles(table, tools.cache);
  for (const file of files) {
    const adds = await tools.engine.exclusively(`widening the columns of ${table.root}`, async (session) => {
      const all = readFiles(stored, [], await local.groups([file]));
      const marked = await new TableVectors(session, table, tools.cache, local).load([file]);
      const rows = marked ? unmarkedRows(all) : all;
      const columns = stored.map((own) => identifier(own.name)).join(', ');
      const written = await session.writeParquet(
        `SELECT ${columns} FROM ${rows} ORDER BY __row`,
        'widened',
        Number.MAX_SAFE_INTEGER,
        [],
        table.codec,
      );
      const named = written.map((one) => ({
        ...one,
        partitionTexts: new Map(
          partitions.map((part, at) => [`__p${at}`, file.partitionValues[part.name] ?? null]),
        ),
      }));
      return uploadEngineFiles(table, tools.cache, named, stored, partitions);
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
