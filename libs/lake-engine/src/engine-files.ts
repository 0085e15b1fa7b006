import { readFile } from 'node:fs/promises';
import {
  statisticsJson,
  type AddFile,
  type DeltaField,
  type PageCodec,
  type PartitionValues,
} from '@hasivu/delta';
import type { EngineFile, EngineSession } from './engine-session.ts';
import { identifier, type PartitionName } from './engine-sql.ts';
import { engineStatistics } from './engine-statistics.ts';
import type { EngineTable } from './engine-table.ts';
import type { FileCache } from './file-cache.ts';

/** Size that a rewritten file aims at: small enough to rewrite cheaply, large enough to scan well. */
export const TARGET_FILE_BYTES = 8 << 20;

export interface WriteOrder {
  /** Columns that go into the files. */
  readonly stored: readonly string[];
  readonly partitions: readonly PartitionName[];
  readonly orderBy: readonly string[];
  readonly codec?: PageCodec;
}

/** Writes the rows of a relation that has `__p0`, `__p1`… as partition texts, one or more files per partition. */
export async function writePartitioned(
  session: EngineSession,
  relation: string,
  name: string,
  order: WriteOrder,
): Promise<EngineFile[]> {
  const texts = order.partitions.map((_, at) => `__p${at}`);
  const columns = [...order.stored.map(identifier), ...texts].join(', ');
  const by = [...texts, ...order.orderBy.map(identifier)].join(', ');
  const sorted = by === '' ? '' : ` ORDER BY ${by}`;
  return session.writeParquet(
    `SELECT ${columns} FROM ${relation}${sorted}`,
    name,
    TARGET_FILE_BYTES,
    texts,
    order.codec,
  );
}

/** Uploads what the engine wrote and keeps it in the cache. @returns the add actions */
export async function uploadEngineFiles(
  table: EngineTable,
  cache: FileCache,
  files: readonly EngineFile[],
  fields: readonly DeltaField[],
  partitions: readonly PartitionName[],
): Promise<AddFile[]> {
  const adds: AddFile[] = [];
  for (const file of files) {
    const bytes = await readFile(file.path);
    const stats = statisticsJson(fields, engineStatistics(fields, file.rows, file.columns));
    const { add, key } = await table.upload({
      bytes,
      stats,
      partitionValues: partitionValuesOf(file, partitions),
    });
    await cache.adopt(key, file.path, file.sizeBytes);
    adds.push(add);
  }
  return adds;
}

/** Values of the partition of a file that was split by `__p0`, `__p1`… */
export function partitionValuesOf(file: EngineFile, partitions: readonly PartitionName[]): PartitionValues {
  return Object.fromEntries(
    partitions.map((part, at) => [part.name, file.partitionTexts.get(`__p${at}`) ?? null]),
  );
}
