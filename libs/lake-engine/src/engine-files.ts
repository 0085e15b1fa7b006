import {
  statisticsJson,
  type AddFile,
  type ColumnMapping,
  type DeltaField,
  type PageCodec,
  type PartitionValues,
} from '@hasivu/delta';
import type { EngineFile, EngineSession } from './engine-session.ts';
import { identifier, type PartitionName } from './engine-sql.ts';
import { engineStatistics } from './engine-statistics.ts';
import type { EngineTable } from './engine-table.ts';
import type { FileCache } from './file-cache.ts';
import { isOutOfMemory } from './out-of-memory.ts';
import { writeSpooled, writeStreamed } from './spooled-write.ts';
import { storedAs, storedIds } from './stored-columns.ts';
import { uploadInRuns } from './upload-runs.ts';

/** Size that a rewritten file aims at: small enough to rewrite cheaply, large enough to scan well. */
const TARGET_FILE_BYTES = 8 << 20;

export interface WriteOrder {
  /** Columns that go into the files. */
  readonly stored: readonly string[];
  /** Columns that are not the table's and go into the files too. */
  readonly extra?: readonly string[];
  readonly partitions: readonly PartitionName[];
  readonly orderBy: readonly string[];
  /** How the files are to name the columns: `state.columns` of their table. */
  readonly columns: ColumnMapping;
  readonly codec: PageCodec;
}

/**
 * Writes the rows of a relation that has `__p0`, `__p1`… as partition texts, one or more files per partition. Where the engine
 * has no memory for that, since it keeps wide values in the sort and something of each partition, it takes a longer way.
 */
export async function writePartitioned(
  session: EngineSession,
  relation: string,
  name: string,
  order: WriteOrder,
): Promise<EngineFile[]> {
  const texts = order.partitions.map((_, at) => `__p${at}`);
  const columns = [
    ...order.stored.map((column) => storedAs(order.columns, column)),
    ...(order.extra ?? []).map(identifier),
    ...texts,
  ].join(', ');
  // By the relation's own names: files may give them to other columns.
  const by = [...texts, ...order.orderBy.map(identifier)].map((column) => `q.${column}`).join(', ');
  const rows = `SELECT ${columns} FROM ${relation} q`;
  const sorted = by === '' ? rows : `${rows} ORDER BY ${by}`;
  const options = { codec: order.codec, fieldIds: storedIds(order.columns, order.stored) };
  try {
    return await session.writeParquet(sorted, name, TARGET_FILE_BYTES, texts, options);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
  }
  await session.discard(name);
  if (texts.length === 0) return writeStreamed(session, rows, name, TARGET_FILE_BYTES, options);
  return writeSpooled(session, { rows, sorted, texts, fileBytes: TARGET_FILE_BYTES, options }, name);
}

/**
 * Uploads what the engine wrote and keeps it in the cache. @param fields by the names of the schema
 * @param columns where the commit is to change them @returns the add actions
 */
export async function uploadEngineFiles(
  table: EngineTable,
  cache: FileCache,
  files: readonly EngineFile[],
  fields: readonly DeltaField[],
  partitions: readonly PartitionName[],
  columns: ColumnMapping = table.delta.state.columns,
): Promise<AddFile[]> {
  const stored = columns.storedFields(fields);
  return await uploadInRuns(files, async (file, bytes) => {
    const stats = statisticsJson(stored, engineStatistics(stored, file.rows, file.columns));
    const partitionValues = columns.storedValues(partitionValuesOf(file, partitions));
    const { add, key } = await table.upload({ bytes, stats, partitionValues });
    await cache.adopt(key, file.path, file.sizeBytes);
    return add;
  });
}

/** Files of rows that are all of one partition, as if they had been split by it. @param values by the names of the schema */
export function inPartition(
  files: readonly EngineFile[],
  partitions: readonly PartitionName[],
  values: PartitionValues,
): EngineFile[] {
  const texts = partitions.map(({ name }, at) => [`__p${at}`, values[name] ?? null] as const);
  return files.map((file) => ({ ...file, partitionTexts: new Map(texts) }));
}

/** Values of the partition of a file that was split by `__p0`, `__p1`… */
export function partitionValuesOf(file: EngineFile, partitions: readonly PartitionName[]): PartitionValues {
  return Object.fromEntries(
    partitions.map((part, at) => [part.name, file.partitionTexts.get(`__p${at}`) ?? null]),
  );
}
