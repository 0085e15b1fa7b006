import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import {
  changedRows,
  ColumnMapping,
  keyOfPath,
  parseSchema,
  partitionFolder,
  readChanges,
  type ChangeFile,
  type ChangeRange,
  type LogStore,
} from '@hasivu/delta';
import type { CachedObject } from './file-cache.ts';
import { rootOf, surroundings } from './lake-table.ts';
import { vectorFiles } from './vector-files.ts';
import type { ViewedTable } from './lake-view-sql.ts';
import { describeReference, unknownTable, type TableReference } from './table-reference.ts';

/** Files with changed rows: a local copy, what its rows are, and which of them. */
const TABLE = 'memory.main.hasivu_changes';

/** Rows of one file that one commit changed. */
interface VersionedFile extends ChangeFile {
  readonly version: number;
  readonly timestampMs: number;
  readonly object: CachedObject;
}

/** The changes of a range of versions, with the table as its last version has it. */
export interface ListedChanges extends ViewedTable {
  readonly files: readonly VersionedFile[];
}

/** @throws PlatformError CLI_TABLE_UNKNOWN, LAKE_CHANGES_NOT_RECORDED, LAKE_VERSION_GONE, LAKE_VERSION_FUTURE, STORE_* */
export async function listChanges(
  store: LogStore,
  reference: TableReference,
  range: ChangeRange,
): Promise<ListedChanges | null> {
  const root = rootOf(reference);
  const changes = await readChanges(root, range, surroundings(store));
  if (changes === null) throw unknownTable(describeReference(reference));
  let listed: ListedChanges | null = null;
  const files: VersionedFile[] = [];
  for await (const { version, timestampMs, metadata, files: changed } of changes.commits()) {
    const { partitionColumns, configuration } = metadata;
    const schema = parseSchema(metadata.schemaString);
    const columns = ColumnMapping.of(schema, configuration);
    const folders = partitionColumns.map((name) => columns.storedName(name));
    for (const file of changed)
      files.push({ ...file, version, timestampMs, object: objectOf(root, file, folders) });
    listed = { schema, columns, partitionColumns, files };
  }
  return listed;
}

function objectOf(root: string, file: ChangeFile, partitionColumns: readonly string[]): CachedObject {
  const key = `${root}/${keyOfPath(file.path)}`;
  const name = key.slice(key.lastIndexOf('/') + 1);
  const folder = partitionFolder(partitionColumns, file.partitionValues);
  return { key, sizeBytes: file.sizeBytes, relativePath: `${root}/${folder}${name}` };
}

/** Tells the engine which rows of which files changed. @param paths local copies, in the order of the files */
export async function loadChanges(
  connection: DuckDBConnection,
  store: LogStore,
  root: string,
  files: readonly VersionedFile[],
  paths: readonly string[],
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE ${TABLE} (__path VARCHAR, __version BIGINT, __time_ms BIGINT, __type VARCHAR, __bits BIT, __selects BOOLEAN)`,
  );
  const vectors = vectorFiles(store, root);
  for (const [index, file] of files.entries()) {
    const { rows, selects } = await changedRows(file, vectors);
    if (rows.size === 0 && selects === 'these') continue;
    let last = -1;
    rows.forEach((row) => (last = row));
    await connection.run(
      `INSERT INTO ${TABLE} SELECT $1::VARCHAR, $2::BIGINT, $3::BIGINT, $4::VARCHAR, CAST($5::BLOB AS BIT), $6::BOOLEAN`,
      [
        paths[index] as string,
        BigInt(file.version),
        BigInt(file.timestampMs),
        file.changeType,
        rows.size === 0 ? null : blobValue(rows.toBits(last + 1)),
        selects === 'these',
      ],
    );
  }
}

/** The changed rows of a relation that has `__file`, `__row` and perhaps `_change_type`. */
export function changesSelect(columns: readonly string[], relation: string, hasType: boolean): string {
  const type = hasType ? 'coalesce(__type, _change_type)' : '__type';
  const marked =
    'CASE WHEN __row < bit_length(__bits) THEN get_bit(__bits, CAST(__row AS INTEGER)) = 1 ELSE false END';
  const feed = [
    `${type} AS _change_type`,
    '__version AS _commit_version',
    'make_timestamptz(__time_ms * 1000) AS _commit_timestamp',
  ];
  return (
    `SELECT ${[...columns, ...feed].join(', ')} FROM ${relation} JOIN ${TABLE} ON __path = __file ` +
    `WHERE __bits IS NULL OR (${marked}) = __selects`
  );
}
