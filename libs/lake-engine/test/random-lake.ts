import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  columnId,
  DeltaTable,
  field,
  packCommitVectors,
  RowSet,
  type AddFile,
  type ColumnMapping,
  type DeltaStruct,
  type DeltaType,
} from '@hasivu/delta';
import fc from 'fast-check';
import type { MemoryStore } from '../../object-store/src/index.ts';
import { engineType, identifier, storedAs, storedIds, text } from '../src/index.ts';

/** Row groups of the engine have at least so many rows. */
const GROUP_ROWS = 2_048;

/** A table of random files; its columns are those of `COLUMNS`. */
export interface RandomTable {
  readonly mode: 'none' | 'name' | 'id';
  readonly isPartitioned: boolean;
  readonly files: readonly RandomFile[];
}

interface RandomFile {
  readonly rows: number;
  /** Where its values begin: files cover ranges that overlap, or do not. */
  readonly from: number;
  readonly part: string | null;
  /** From before the last column was added. */
  readonly isOld: boolean;
  readonly hasStatistics: boolean;
  /** Every so many rows one is marked deleted; 0 for none. */
  readonly markedEach: number;
}

export const randomTables: fc.Arbitrary<RandomTable> = fc.record({
  mode: fc.constantFrom('none', 'name', 'id'),
  isPartitioned: fc.boolean(),
  files: fc.array(
    fc.record({
      rows: fc.constantFrom(1, 50, GROUP_ROWS, 2 * GROUP_ROWS + 7, 3 * GROUP_ROWS),
      from: fc.constantFrom(0, 3_000, 6_000, 9_000, 12_000),
      part: fc.constantFrom('a', 'b', "it's", null),
      isOld: fc.boolean(),
      hasStatistics: fc.boolean(),
      markedEach: fc.constantFrom(0, 0, 1, 3, 700),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

/** Each column by the number `n` of its row: in order, few values, nulls in runs, NaN, microseconds, parts. */
const COLUMNS: readonly (readonly [name: string, type: DeltaType, value: string])[] = [
  ['id', 'long', 'n'],
  // As the engine calls a second `id`.
  ['id_1', 'long', '16000 - n'],
  ['part', 'string', 'part'],
  ['n', 'integer', 'CASE WHEN n % 4000 > 1500 THEN n // 10 END'],
  ['s', 'string', `'v' || lpad((n // 500)::VARCHAR, 3, '0')`],
  ['d', 'decimal(10,2)', 'n * 3 / 100'],
  ['x', 'double', `CASE WHEN n % 5 = 0 THEN 'nan'::DOUBLE WHEN n % 7 > 0 THEN n / 8 END`],
  ['ts', 'timestamp', `TIMESTAMPTZ '2026-01-01 00:00:00.000999+00' + to_microseconds(n * 997)`],
  ['day', 'date', `DATE '2026-01-01' + (n // 1000)::INTEGER`],
  [
    'st',
    { type: 'struct', fields: [field('a', 'integer'), field('b', 'string')] },
    `{a: n % 3, b: 'b' || n % 11}`,
  ],
  ['later', 'string', `'l' || n % 50`],
];

export interface RandomLake {
  readonly store: MemoryStore;
  /** Has the rows of each table by themselves, in a table of the engine's own. */
  readonly oracle: DuckDBConnection;
  readonly folder: string;
}

/** Puts the table into the store under `silver/p/<name>`, and its rows into the oracle's table of that name. */
export async function putTable(
  { store, oracle, folder }: RandomLake,
  name: string,
  { mode, isPartitioned, files }: RandomTable,
): Promise<void> {
  const root = `silver/p/${name}`;
  const schema: DeltaStruct = { type: 'struct', fields: COLUMNS.map(([own, type]) => field(own, type)) };
  const typed = COLUMNS.map(([own, type]) => `${own} ${engineType(type)}`).join(', ');
  await oracle.run(`CREATE TABLE silver.p.${name} (${typed})`);
  const configuration = {
    'delta.enableDeletionVectors': 'true',
    ...(mode === 'none' ? {} : { 'delta.columnMapping.mode': mode }),
  };
  const partitionColumns = isPartitioned ? ['part'] : [];
  const table = await DeltaTable.create(
    root,
    { schema, partitionColumns, configuration },
    { store, nowMs: Date.now, newId: randomUUID },
  );
  const { columns } = table.state;
  const marks: RowSet[] = [];
  const adds: AddFile[] = [];
  for (const file of files) {
    const values = COLUMNS.map(([own, type, value]) => {
      const isMissing = own === 'later' && file.isOld;
      return `(${isMissing ? 'NULL' : value})::${engineType(type)} AS ${own}`;
    });
    const part = file.part === null ? 'NULL' : text(file.part);
    const rows = `(SELECT range AS place, ${values.join(', ')} FROM (SELECT range, range + ${file.from} AS n, ${part} AS part FROM range(${file.rows})) ORDER BY range)`;
    const stored = COLUMNS.map(([own]) => own).filter(
      (own) => !partitionColumns.includes(own) && !(own === 'later' && file.isOld),
    );
    const path = `${randomUUID()}.parquet`;
    await oracle.run(copySql(join(folder, path), rows, stored, columns));
    const numbers = Array.from({ length: file.rows }, (_, row) => row);
    marks.push(RowSet.of(numbers.filter((row) => file.markedEach > 0 && row % file.markedEach === 0)));
    const left = file.markedEach === 0 ? '' : ` WHERE place % ${file.markedEach} <> 0`;
    await oracle.run(
      `INSERT INTO silver.p.${name} SELECT ${COLUMNS.map(([own]) => own).join(', ')} FROM ${rows}${left}`,
    );
    const bytes = await readFile(join(folder, path));
    await store.put(`${root}/${path}`, bytes);
    adds.push({
      path,
      partitionValues: isPartitioned ? columns.storedValues({ part: file.part }) : {},
      size: bytes.length,
      modificationTime: 1,
      dataChange: true,
      // A vector is read by the number of the file's rows.
      ...(file.hasStatistics || file.markedEach > 0
        ? { stats: await statisticsOf(oracle, rows, file.hasStatistics ? stored : [], columns) }
        : {}),
    });
  }
  const { descriptors, file: packed } = packCommitVectors(marks, randomUUID());
  if (packed !== null) await store.put(`${root}/${packed.key}`, packed.bytes);
  await table.commit({
    actions: adds.map((add, at) => {
      const deletionVector = marks[at]?.size === 0 ? undefined : descriptors[at];
      return { add: { ...add, ...(deletionVector === undefined ? {} : { deletionVector }) } };
    }),
    operation: 'WRITE',
  });
}

/** Files of a mapping by id name their columns as they like. */
function copySql(path: string, rows: string, stored: readonly string[], columns: ColumnMapping): string {
  const names = new Map(
    stored.map((own) => {
      const pair = columns.pairOf(own);
      const name = pair?.stored.name ?? own;
      return [name, columns.mode === 'id' ? `f${columnId(pair!.stored)}` : name];
    }),
  );
  const named = [...names].map(([own, inFile]) => `${identifier(own)} AS ${identifier(inFile)}`);
  let ids = storedIds(columns, stored);
  for (const [own, inFile] of names) ids = ids.replaceAll(identifier(own), identifier(inFile));
  const select = stored.map((own) => storedAs(columns, own)).join(', ');
  return `COPY (SELECT ${named.join(', ')} FROM (SELECT ${select} FROM ${rows})) TO ${text(path)} (FORMAT parquet, ROW_GROUP_SIZE ${GROUP_ROWS}${ids === '' ? '' : `, FIELD_IDS ${ids}`})`;
}

/** As other writers have them: times are cut down to milliseconds, floating point is left out. */
async function statisticsOf(
  oracle: DuckDBConnection,
  rows: string,
  stored: readonly string[],
  columns: ColumnMapping,
): Promise<string> {
  const bounded = COLUMNS.filter(([own, type]) => stored.includes(own) && type !== 'double' && own !== 'st');
  const bound = (by: string, own: string, type: DeltaType): string =>
    type === 'timestamp' ? `strftime(${by}(${own}), '%Y-%m-%dT%H:%M:%S.%gZ')` : `${by}(${own})::VARCHAR`;
  const selected = bounded.flatMap(([own, type]) => [
    bound('min', own, type),
    bound('max', own, type),
    `count(*) FILTER (${own} IS NULL)`,
  ]);
  const answer = await oracle.runAndReadAll(`SELECT ${['count(*)', ...selected].join(', ')} FROM ${rows}`);
  const [count, ...found] = (answer.getRows()[0] ?? []).map((value) =>
    value === null ? null : String(value),
  );
  const entries = bounded.map(([own, type], at) => {
    const [min, max, nulls] = found.slice(3 * at, 3 * at + 3);
    const isNumber = type === 'long' || type === 'integer' || own === 'd';
    const literal = (value: string | null | undefined): string =>
      isNumber ? String(value) : JSON.stringify(value);
    return { key: JSON.stringify(columns.storedName(own)), min, max, nulls, literal };
  });
  const known = entries.filter(({ min }) => min !== null);
  const list = (of: typeof entries, value: (entry: (typeof entries)[number]) => string): string =>
    `{${of.map((entry) => `${entry.key}:${value(entry)}`).join(',')}}`;
  return `{"numRecords":${count},"minValues":${list(known, ({ literal, min }) => literal(min))},"maxValues":${list(known, ({ literal, max }) => literal(max))},"nullCount":${list(entries, ({ nulls }) => String(nulls))}}`;
}
