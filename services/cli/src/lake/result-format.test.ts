import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import { testContext } from '../test-context.ts';
import { writeResult, type QueryFormat } from './result-format.ts';

async function connect() {
  return (await DuckDBInstance.create(':memory:')).connect();
}

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
