import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stack } from '@hasivu/testing';
import { Client } from 'pg';
import type { ComparedColumn } from './canonical-text.ts';
import {
  lakeChecksumSql,
  lakeColumnSumsSql,
  postgresChecksumSql,
  postgresColumnSumsSql,
} from './checksum-sql.ts';

// Values whose text the two engines could print differently, as literals of each.
const CASES: readonly (ComparedColumn & {
  readonly pg: readonly string[];
  readonly lake: readonly string[];
})[] = [
  {
    name: 'n',
    pgType: 'numeric(12,2)',
    lakeType: 'DECIMAL(12,2)',
    pg: ['-0.05', '1234567890.10', 'NULL'],
    lake: ['-0.05', '1234567890.10', 'NULL'],
  },
  {
    name: 'big',
    pgType: 'bigint',
    lakeType: 'BIGINT',
    pg: ['9007199254740993', '-1', 'NULL'],
    lake: ['9007199254740993', '-1', 'NULL'],
  },
  {
    name: 'f8',
    pgType: 'double precision',
    lakeType: 'DOUBLE',
    pg: ['12', '0.1', '77.594562'],
    lake: ['12', '0.1', '77.594562'],
  },
  { name: 'f4', pgType: 'real', lakeType: 'FLOAT', pg: ['3.1', '4', 'NULL'], lake: ['3.1', '4', 'NULL'] },
  {
    name: 'moment',
    pgType: 'timestamp with time zone',
    lakeType: 'TIMESTAMP WITH TIME ZONE',
    pg: [`'2026-06-01 02:30:00.000001+05:30'`, `'1969-12-31 23:59:59.999999Z'`, 'NULL'],
    lake: [`'2026-05-31 21:00:00.000001+00'`, `'1969-12-31 23:59:59.999999+00'`, 'NULL'],
  },
  {
    name: 'ts',
    pgType: 'timestamp without time zone',
    lakeType: 'TIMESTAMP',
    pg: [`'2026-06-01 02:30:00.5'`, `'1900-01-01'`, 'NULL'],
    lake: [`'2026-06-01 02:30:00.5'`, `'1900-01-01'`, 'NULL'],
  },
  {
    name: 'clock',
    pgType: 'time without time zone',
    lakeType: 'BIGINT',
    pg: [`'12:00:00.000001'`, `'00:00'`, 'NULL'],
    lake: ['43200000001', '0', 'NULL'],
  },
  {
    name: 'day',
    pgType: 'date',
    lakeType: 'DATE',
    pg: [`'2026-06-01'`, `'1950-01-01'`, 'NULL'],
    lake: [`'2026-06-01'`, `'1950-01-01'`, 'NULL'],
  },
  {
    name: 'raw',
    pgType: 'bytea',
    lakeType: 'BLOB',
    pg: [`'\\x00ff'`, `''`, 'NULL'],
    lake: [`'\\x00\\xFF'`, `''`, 'NULL'],
  },
  {
    name: 'yes',
    pgType: 'boolean',
    lakeType: 'BOOLEAN',
    pg: ['true', 'false', 'NULL'],
    lake: ['true', 'false', 'NULL'],
  },
  {
    name: 'words',
    pgType: 'text[]',
    lakeType: 'VARCHAR[]',
    pg: [`'{a,"b \\"c\\"",NULL}'`, `'{}'`, `E'{"tab\\there/","रसम 🙏"}'`],
    lake: [`['a', 'b "c"', NULL]`, '[]', `['tab' || chr(9) || 'here/', 'रसम 🙏']`],
  },
  {
    name: 'ints',
    pgType: 'integer[]',
    lakeType: 'INTEGER[]',
    pg: [`'{1,NULL}'`, `'{}'`, 'NULL'],
    lake: ['[1, NULL]', '[]', 'NULL'],
  },
  {
    name: 'doc',
    pgType: 'jsonb',
    lakeType: 'VARCHAR',
    pg: [`'{"b": [1, 2.50], "a": "x"}'`, `'null'`, 'NULL'],
    lake: [`'{"a": "x", "b": [1, 2.50]}'`, `'null'`, 'NULL'],
  },
  {
    name: 'txt',
    pgType: 'text',
    lakeType: 'VARCHAR',
    pg: [`E'line\\nbreak'`, `''`, 'NULL'],
    lake: [`'line' || chr(10) || 'break'`, `''`, 'NULL'],
  },
];

describe('the checksum', () => {
  let client: Client;

  beforeAll(async () => {
    client = new Client({ connectionString: stack().postgres.url });
    await client.connect();
    await client.query(`SET TIME ZONE 'Asia/Kolkata'`);
    await client.query(
      `CREATE TEMP TABLE t (${CASES.map(({ name, pgType }) => `${name} ${pgType}`).join(', ')})`,
    );
    for (const row of [0, 1, 2])
      await client.query(`INSERT INTO t VALUES (${CASES.map(({ pg }) => pg[row]).join(', ')})`);
  });
  afterAll(() => client.end());

  test('is the same in Postgres and DuckDB for the same values, in any order of rows', async () => {
    const lake = await (await DuckDBInstance.create(':memory:')).connect();
    await lake.run(`SET TimeZone = 'America/New_York'`);
    await lake.run(`CREATE TABLE t (${CASES.map(({ name, lakeType }) => `${name} ${lakeType}`).join(', ')})`);
    for (const row of [2, 0, 1])
      await lake.run(`INSERT INTO t VALUES (${CASES.map(({ lake: values }) => values[row]).join(', ')})`);
    const columnSums =
      (await client.query<string[]>({ text: postgresColumnSumsSql('t', CASES), rowMode: 'array' })).rows[0] ??
      [];
    const lakeSums = ((await lake.runAndReadAll(lakeColumnSumsSql('t', CASES))).getRows()[0] ?? []).map(
      String,
    );
    expect(CASES.filter((_, index) => columnSums[index] !== lakeSums[index]).map(({ name }) => name)).toEqual(
      [],
    );
    const source = (await client.query<string[]>({ text: postgresChecksumSql('t', CASES), rowMode: 'array' }))
      .rows[0];
    expect((await lake.runAndReadAll(lakeChecksumSql('t', CASES))).getRows()[0]).toEqual(source);
    await lake.run('UPDATE t SET big = big + 1 WHERE big > 0');
    expect((await lake.runAndReadAll(lakeChecksumSql('t', CASES))).getRows()[0]).not.toEqual(source);
  });
});
