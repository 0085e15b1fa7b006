import type { Client } from 'pg';
import type { LakeEngine } from '../../lake/lake-engine.ts';
import { identifier } from '@hasivu/lake-engine';
import type { ComparedColumn } from './canonical-text.ts';
import {
  lakeChecksumSql,
  lakeColumnSumsSql,
  postgresChecksumSql,
  postgresColumnSumsSql,
} from './checksum-sql.ts';

export interface TableProof {
  readonly table: string;
  readonly sourceRows: bigint;
  readonly lakeRows: bigint;
  readonly sourceChecksum: string;
  readonly lakeChecksum: string;
  readonly equal: boolean;
  /** Names of columns whose own checksums differ; empty when equal. */
  readonly differingColumns: readonly string[];
}

export interface Comparison {
  /** Shown to people. */
  readonly label: string;
  /** Table of the schema `public`. */
  readonly table: string;
  /** The lake's table, quoted where it must be. */
  readonly lakeTable: string;
  /** Condition on the source's rows, where the lake has only some of them. */
  readonly where?: string;
  /** Columns that are meant to differ: masked or dropped on the way. */
  readonly except?: readonly string[];
}

export function silverOf(table: string): Comparison {
  return { label: table, table, lakeTable: `silver.public.${identifier(table)}` };
}

/** Compares rows of a source table with a table of the lake: their number, and a checksum over every column of every row. */
export async function compareTable(
  client: Client,
  engine: LakeEngine,
  comparison: Comparison,
): Promise<TableProof> {
  const { label, table, lakeTable, where } = comparison;
  const source =
    where === undefined
      ? `public.${identifier(table)}`
      : `(SELECT * FROM public.${identifier(table)} WHERE ${where}) compared`;
  const columns = await comparedColumns(client, engine, comparison);
  const [sourceRows = '0', sourceChecksum = ''] = await firstPostgresRow(
    client,
    postgresChecksumSql(source, columns),
  );
  const [lakeRows = '0', lakeChecksum = ''] = await firstLakeRow(engine, lakeChecksumSql(lakeTable, columns));
  const equal = sourceRows === lakeRows && sourceChecksum === lakeChecksum;
  const differingColumns = equal ? [] : await differing(client, engine, source, lakeTable, columns);
  return {
    table: label,
    sourceRows: BigInt(sourceRows),
    lakeRows: BigInt(lakeRows),
    sourceChecksum,
    lakeChecksum,
    equal,
    differingColumns,
  };
}

/** Every column of the source table; one that the lake does not have is compared with nulls, and so differs. */
async function comparedColumns(
  client: Client,
  engine: LakeEngine,
  { table, lakeTable, except = [] }: Comparison,
): Promise<ComparedColumn[]> {
  const { result: described } = await engine.query(`DESCRIBE ${lakeTable}`);
  const lakeTypes = new Map((await described.getRows()).map(([name, type]) => [String(name), String(type)]));
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`public.${identifier(table)}`],
  );
  return rows
    .filter(({ name }) => !except.includes(name))
    .map(({ name, type }) => ({ name, pgType: type, lakeType: lakeTypes.get(name) ?? 'VARCHAR' }));
}

async function differing(
  client: Client,
  engine: LakeEngine,
  source: string,
  silver: string,
  columns: readonly ComparedColumn[],
): Promise<string[]> {
  const left = await firstPostgresRow(client, postgresColumnSumsSql(source, columns));
  const right = await firstLakeRow(engine, lakeColumnSumsSql(silver, columns));
  return columns.filter((_, index) => left[index] !== right[index]).map(({ name }) => name);
}

async function firstPostgresRow(client: Client, sql: string): Promise<string[]> {
  const { rows } = await client.query<string[]>({ text: sql, rowMode: 'array' });
  return rows[0] ?? [];
}

async function firstLakeRow(engine: LakeEngine, sql: string): Promise<string[]> {
  const { result } = await engine.query(sql);
  return ((await result.getRows())[0] ?? []).map(String);
}
