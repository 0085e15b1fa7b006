import type { Client } from 'pg';
import type { LakeEngine } from '../../lake/lake-engine.ts';
import { quoteName } from '../../lake/duckdb-type.ts';
import type { ComparedColumn } from './canonical-text.ts';
import { lakeChecksumSql, lakeColumnSumsSql, postgresChecksumSql, postgresColumnSumsSql } from './checksum-sql.ts';

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

/** Compares a table of the schema `public` with its silver table: row counts, and a checksum over every column of every row. */
export async function compareTable(client: Client, engine: LakeEngine, table: string): Promise<TableProof> {
  const source = `public.${quoteName(table)}`;
  const silver = `silver.public.${quoteName(table)}`;
  const columns = await comparedColumns(client, engine, table, silver);
  const [sourceRow, lakeRow] = [await postgresRow(client, postgresChecksumSql(source, columns)), await lakeRow0(engine, lakeChecksumSql(silver, columns))];
  const [sourceRows = '0', sourceChecksum = ''] = sourceRow;
  const [lakeRows = '0', lakeChecksum = ''] = lakeRow;
  const equal = sourceRows === lakeRows && sourceChecksum === lakeChecksum;
  const differingColumns = equal ? [] : await differing(client, engine, source, silver, columns);
  return { table, sourceRows: BigInt(sourceRows), lakeRows: BigInt(lakeRows), sourceChecksum, lakeChecksum, equal, differingColumns };
}

/** Every column of the source table; one that the lake does not have is compared with nulls, and so differs. */
async function comparedColumns(client: Client, engine: LakeEngine, table: string, silver: string): Promise<ComparedColumn[]> {
  const described = await engine.query(`DESCRIBE ${silver}`);
  const lakeTypes = new Map((await described.getRows()).map(([name, type]) => [String(name), String(type)]));
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`public.${quoteName(table)}`],
  );
  return rows.map(({ name, type }) => ({ name, pgType: type, lakeType: lakeTypes.get(name) ?? 'VARCHAR' }));
}

async function differing(client: Client, engine: LakeEngine, source: string, silver: string, columns: readonly ComparedColumn[]): Promise<string[]> {
  const left = await postgresRow(client, postgresColumnSumsSql(source, columns));
  const right = await lakeRow0(engine, lakeColumnSumsSql(silver, columns));
  return columns.filter((_, index) => left[index] !== right[index]).map(({ name }) => name);
}

async function postgresRow(client: Client, sql: string): Promise<string[]> {
  const { rows } = await client.query<string[]>({ text: sql, rowMode: 'array' });
  return rows[0] ?? [];
}

async function lakeRow0(engine: LakeEngine, sql: string): Promise<string[]> {
  const result = await engine.query(sql);
  return ((await result.getRows())[0] ?? []).map(String);
}
