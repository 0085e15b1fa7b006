import { blobValue, type DuckDBConnection } from '@duckdb/node-api';
import {
  changedRows,
  ColumnMapping,
  keyOfPath,
  parseSchema,
  readChanges,
  type ChangeFile,
  type ChangeRange,
  type DeltaField,
  type DeltaStruct,
  type LogStore,
  type VectorFiles,
} from '@hasivu/delta';
import { byPartition, CHANGE_TYPE, readFiles, typedColumns } from '@hasivu/lake-engine';
import { rootOf, surroundings } from './lake-table.ts';
import { describeReference, unknownTable, type TableReference } from './table-reference.ts';

/** Files with changed rows: a local copy, what its rows are, and which of them. */
const TABLE = 'memory.main.hasivu_changes';

/** Rows of one file that one commit changed. */
interface VersionedFile extends ChangeFile {
  readonly version: number;
  readonly timestampMs: number;
  /** Of the file in the store. */
  readonly key: string;
}

/** The changes of a range of versions, with the table as its last version has it. */
export interface ListedChanges {
  readonly schema: DeltaStruct;
  readonly partitionColumns: readonly string[];
  readonly columns: ColumnMapping;
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
    for (const file of changed)
      files.push({ ...file, version, timestampMs, key: `${root}/${keyOfPath(file.path)}` });
    listed = { schema, columns, partitionColumns, files };
  }
  return listed;
}

/** Tells the engine which rows of which files changed. @param paths local copies, in the order of the files */
export async function loadChanges(
  connection: DuckDBConnection,
  vectors: VectorFiles,
  files: readonly VersionedFile[],
  paths: readonly string[],
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE ${TABLE} (__path VARCHAR, __version BIGINT, __time_ms BIGINT, __type VARCHAR, __bits BIT, __selects BOOLEAN)`,
  );
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

/** The changed rows, in the order of the versions. @param paths local copies, in the order of the files */
export function changesSelect(
  { schema, partitionColumns, columns, files }: ListedChanges,
  paths: readonly string[],
): string {
  // A file may have changed more than once.
  const placed = new Map(files.map((file, at) => [paths[at] as string, file]));
  const relationOf = (of: (file: VersionedFile) => boolean, beside: readonly DeltaField[]): string =>
    readFiles(
      schema.fields,
      partitionColumns.map((name) => ({ name })),
      byPartition(
        [...placed].flatMap(([path, file]) => (of(file) ? [{ path, file }] : [])),
        partitionColumns,
        columns,
      ),
      beside,
    );
  const told = relationOf(({ changeType }) => changeType === null, [CHANGE_TYPE]);
  const whole = relationOf(({ changeType }) => changeType !== null, []);
  const relation = `(SELECT * FROM ${told} UNION ALL BY NAME SELECT * FROM ${whole})`;
  const marked =
    'CASE WHEN __row < bit_length(__bits) THEN get_bit(__bits, CAST(__row AS INTEGER)) = 1 ELSE false END';
  const selected = [
    ...typedColumns(schema.fields),
    `coalesce(__type, ${CHANGE_TYPE.name}) AS ${CHANGE_TYPE.name}`,
    '__version AS _commit_version',
    'make_timestamptz(__time_ms * 1000) AS _commit_timestamp',
  ];
  return (
    `SELECT ${selected.join(', ')} FROM ${relation} JOIN ${TABLE} ON __path = __file ` +
    `WHERE __bits IS NULL OR (${marked}) = __selects ORDER BY _commit_version`
  );
}
