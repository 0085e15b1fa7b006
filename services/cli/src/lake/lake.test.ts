import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import { testContext } from '../test-context.ts';
import { ColumnMapping } from '@hasivu/delta';
import { engineType } from '@hasivu/lake-engine';
import { lakeSelect } from './lake-view-sql.ts';
import { writeResult, type QueryFormat } from './result-format.ts';
import { tableReferences } from './table-reference.ts';

async function connect() {
  return (await DuckDBInstance.create(':memory:')).connect();
}

async function referencesOf(sql: string): Promise<string[]> {
  const connection = await connect();
  const answer = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  return tableReferences(JSON.parse(String(answer.getRows()[0]?.[0])) as unknown).map(
    ({ layer, schema, table }) => `${layer}|${schema}|${table}`,
  );
}

describe('tables that a statement names', () => {
  test('are found in joins, subqueries, expressions and describe, each once', async () => {
    const sql = `WITH x AS (SELECT 1 AS id FROM bronze.public."Odd Name") SELECT o.id FROM silver.public.orders o JOIN x USING (id)
      WHERE EXISTS (FROM curated.clean.orders) AND o.id IN (SELECT id FROM silver.public.orders)`;
    expect(await referencesOf(sql)).toEqual([
      'bronze|public|Odd Name',
      'silver|public|orders',
      'curated|clean|orders',
    ]);
    expect(await referencesOf('DESCRIBE silver.shop.items')).toEqual(['silver|shop|items']);
    expect(await referencesOf('SUMMARIZE silver.shop.items')).toEqual(['silver|shop|items']);
  });

  test('other names are passed over; a name of two parts keeps its place for the message', async () => {
    expect(await referencesOf("SELECT * FROM read_csv('x.csv'), orders, silver.orders")).toEqual([
      'silver||orders',
    ]);
  });
});

describe('a view over data files', () => {
  const schema = {
    type: 'struct',
    fields: [
      { name: 'id', type: 'long', nullable: true, metadata: {} },
      { name: 'new', type: 'decimal(10,2)', nullable: true, metadata: {} },
    ],
  } as const;

  test('has the columns of the table, null where no file has them', () => {
    const sql = lakeSelect({
      schema,
      partitionColumns: [],
      columns: ColumnMapping.NONE,
      paths: ["/a'b.parquet"],
      present: new Set(['id']),
      marked: false,
    });
    expect(sql).toBe(
      `SELECT CAST("id" AS BIGINT) AS "id", CAST(NULL AS DECIMAL(10,2)) AS "new" FROM read_parquet(['/a''b.parquet'], union_by_name = true, hive_partitioning = false)`,
    );
  });

  test('of an empty table has no rows and all columns', async () => {
    const answer = await (
      await connect()
    ).runAndReadAll(
      lakeSelect({
        schema,
        partitionColumns: [],
        columns: ColumnMapping.NONE,
        paths: [],
        present: new Set(),
        marked: false,
      }),
    );
    expect([answer.columnNames(), answer.getRows()]).toEqual([['id', 'new'], []]);
  });

  test('every Delta type has one of DuckDB', () => {
    expect(engineType({ type: 'array', elementType: 'timestamp', containsNull: true })).toBe('TIMESTAMPTZ[]');
    expect(engineType({ type: 'map', keyType: 'string', valueType: 'double', valueContainsNull: true })).toBe(
      'MAP(VARCHAR, DOUBLE)',
    );
    expect(
      engineType({ type: 'struct', fields: [{ name: 'a b', type: 'binary', nullable: true, metadata: {} }] }),
    ).toBe('STRUCT("a b" BLOB)');
  });
});

describe('results', () => {
  const SQL = `SELECT 9007199254740993::BIGINT AS big, 1.10::DECIMAL(10,2) AS price, [1::BIGINT, NULL] AS list, timestamptz '2026-01-01 00:00:00.000001+00' AS at, 'a,"b' AS text, NULL AS nothing, 'nan'::DOUBLE AS nan, {'k': 2::HUGEINT} AS rec, true AS yes, 3.1::FLOAT AS single`;
  const print = async (sql: string, format: QueryFormat): Promise<string> => {
    const connection = await connect();
    await connection.run(`SET TimeZone = 'UTC'`);
    const { context, out } = testContext();
    await writeResult(await connection.stream(sql), format, context);
    return out.text;
  };

  test('json keeps every digit of int64 and decimal', async () => {
    expect(await print(SQL, 'json')).toBe(
      '[\n{"big":9007199254740993,"price":"1.10","list":[1,null],"at":"2026-01-01 00:00:00.000001+00","text":"a,\\"b","nothing":null,"nan":"NaN","rec":{"k":2},"yes":true,"single":3.1}\n]\n',
    );
    expect(await print('SELECT 1 AS a WHERE false', 'json')).toBe('[]\n');
    expect(JSON.parse(await print('SELECT n FROM range(5000) r(n)', 'json'))).toHaveLength(5000);
  });

  test('csv quotes where it must and tells null from empty text', async () => {
    expect(await print(`SELECT 'a,"b' AS x, NULL AS y, '' AS z, 9007199254740993 AS big`, 'csv')).toBe(
      'x,y,z,big\n"a,""b",,"",9007199254740993\n',
    );
  });

  test('a table aligns numbers to the right and counts its rows', async () => {
    expect(await print('SELECT 7 AS n, NULL AS gone UNION ALL SELECT 1234, NULL ORDER BY 1', 'table')).toBe(
      '   n  gone\n────  ────\n   7  NULL\n1234  NULL\n2 rows\n',
    );
  });
});
