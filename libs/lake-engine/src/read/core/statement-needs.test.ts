import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EngineSession } from '../../engine-session.ts';
import { parseStatement } from '../../statement-syntax.ts';
import { statementNeeds, type TableNeeds } from './statement-needs.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => connection.closeSync());

async function needsOf(sql: string): Promise<TableNeeds[]> {
  const parsed = await parseStatement(new EngineSession(connection, '/nowhere'), sql);
  if ('mistake' in parsed) throw new Error(parsed.mistake);
  return statementNeeds(parsed.statements, new Set(['bronze', 'silver', 'curated']));
}

describe('tables that a statement names', () => {
  const namesOf = async (sql: string): Promise<string[]> =>
    (await needsOf(sql)).map(({ catalog, schema, table }) => `${catalog}|${schema}|${table}`);

  test('are found in joins, subqueries, expressions and describe, each once, whatever the case', async () => {
    const sql = `WITH x AS (SELECT 1 AS id FROM bronze.public."Odd Name") SELECT o.id FROM silver.public.orders o JOIN x USING (id)
      WHERE EXISTS (FROM curated.clean.orders) AND o.id IN (SELECT id FROM Silver.public.ORDERS)`;
    expect(await namesOf(sql)).toEqual([
      'bronze|public|Odd Name',
      'silver|public|orders',
      'curated|clean|orders',
    ]);
    expect(await namesOf('DESCRIBE silver.shop.items')).toEqual(['silver|shop|items']);
    expect(await namesOf('SUMMARIZE silver.shop.items')).toEqual(['silver|shop|items']);
  });

  test('which differ by case alone are one for the engine, and its other spellings are told', async () => {
    const [needs, ...others] = await needsOf(
      'FROM silver.p."Orders" a, silver.p.orders b, silver.p."Orders" c',
    );
    expect(others).toEqual([]);
    expect(needs).toMatchObject({
      table: 'Orders',
      spellings: [{ catalog: 'silver', schema: 'p', table: 'orders' }],
    });
  });

  test('other names are passed over; a name of two parts keeps its place for the message', async () => {
    expect(await namesOf("SELECT * FROM read_csv('x.csv'), orders, silver.orders")).toEqual([
      'silver||orders',
    ]);
  });
});

describe('columns that a statement may read', () => {
  /** `*` for all, else names, table by table; names that no table has are among them. */
  const columnsOf = async (sql: string): Promise<string[]> =>
    (await needsOf(sql)).map(({ columns }) => (columns.all ? '*' : [...columns.names].sort().join(' ')));
  const T = 'silver.p.t';
  const U = 'silver.p.u';

  test.each([
    [`SELECT a, b + 1 FROM ${T} WHERE "C" > 1 ORDER BY d`, ['a b c d']],
    [`SELECT count(*) FROM ${T}`, ['']],
    [`SELECT o.a, u.b, c FROM ${T} o JOIN ${U} u ON o.x = u.y`, ['a c o u x', 'b c o u y']],
    // A name before a dot that is no table may be a column with parts.
    [`SELECT st.a FROM ${T} o`, ['a st']],
    [`SELECT count(*) FROM ${T} JOIN ${U} USING (k)`, ['k', 'k']],
    [`SELECT a FROM ${T} o WHERE EXISTS (SELECT 1 FROM ${U} WHERE z = o.b)`, ['a b o z', 'a o z']],
    [`SELECT * FROM (SELECT a FROM ${T})`, ['a']],
    [`WITH c AS (SELECT a FROM ${T}) SELECT c.* FROM c, ${U}`, ['a', 'a']],
    [`SELECT o.* FROM ${T} o, ${U} WHERE b = 1`, ['*', 'b']],
    [`SELECT a FROM ${T} QUALIFY row_number() OVER (PARTITION BY p ORDER BY o) = 1`, ['a o p']],
    [`SELECT a FROM ${T} UNION SELECT b FROM ${U}`, ['a b', 'a b']],
    // Everything, since the columns are not named, or named otherwise.
    [`FROM ${T}`, ['*']],
    [`SELECT * EXCLUDE (a) FROM ${T}`, ['*']],
    [`SELECT COLUMNS('^a') FROM ${T}`, ['*']],
    [`SELECT #2 FROM ${T}`, ['*']],
    [`SELECT o FROM ${T} o`, ['*']],
    [`SELECT max(t) FROM ${T}`, ['*']],
    [`SELECT x FROM ${T} AS o(x)`, ['*']],
    [`SELECT count(*) FROM ${T} NATURAL JOIN ${U}`, ['*', '*']],
    [`SELECT s FROM (PIVOT ${T} ON k IN ('a') USING sum(v))`, ['*']],
    [`SELECT a FROM ${T}, query_table('silver.p.t')`, ['*']],
    [`SUMMARIZE ${T}`, ['*']],
  ])('%s', async (sql, expected) => {
    expect(await columnsOf(sql)).toEqual(expected);
  });
});

describe('conditions on rows', () => {
  /** How many conditions each place has; those that only count where they reject nulls with a question mark. */
  const conditionsOf = async (sql: string): Promise<string[]> =>
    (await needsOf(sql)).flatMap(({ table, places }) =>
      places.map(
        (place) =>
          `${table} ${place === null ? 'none' : place.map((one) => (one.ifRejectsNull ? '?' : '!')).join('')}`,
      ),
    );
  const from = 'FROM silver.p.t t';

  test.each([
    [`SELECT a ${from} WHERE a = 1`, ['t !']],
    [`SELECT a ${from} JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t !!', 'u !!']],
    [`SELECT a ${from} LEFT JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t !', 'u ?!']],
    [`SELECT a ${from} RIGHT JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t ?!', 'u !']],
    [`SELECT a ${from} FULL JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t ?', 'u ?']],
    [`SELECT a ${from} SEMI JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t !!', 'u !']],
    [`SELECT a ${from} ANTI JOIN silver.p.u u ON t.a = u.a WHERE t.a = 1`, ['t !', 'u !']],
    [`SELECT a ${from} ASOF JOIN silver.p.u u ON t.a >= u.a WHERE t.a = 1`, ['t ', 'u ']],
    [`SELECT a ${from} WHERE a = 1 USING SAMPLE 3`, ['t ']],
    [`SELECT a ${from} WHERE a = 1 UNION ALL SELECT a FROM silver.p.t`, ['t !', 't ']],
    [`SELECT a FROM (SELECT a ${from}) WHERE a = 1`, ['t !']],
    [`WITH c AS (SELECT * ${from} WHERE b = 2) SELECT a FROM c WHERE a = 1`, ['t !!']],
    [`WITH c AS (SELECT * ${from}), d AS (SELECT a FROM c ORDER BY a) SELECT a FROM d WHERE a = 1`, ['t !']],
    [`SELECT a FROM silver.p.u u LEFT JOIN (SELECT a ${from}) s ON u.a = s.a WHERE s.a = 1`, ['u !', 't ?!']],
    // Rows that the condition drops have a say in which others are there.
    [`SELECT a FROM (SELECT a ${from} LIMIT 3) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT DISTINCT a ${from}) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT max(a) AS a ${from}) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT a, count(*) OVER () AS c ${from}) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT a ${from} QUALIFY a = max(a) OVER ()) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT a, random() AS r ${from}) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT a ${from} USING SAMPLE 3) WHERE a = 1`, ['t ']],
    [`SELECT a FROM (SELECT a ${from} UNION SELECT 1) WHERE a = 1`, ['t ']],
    // Which place is meant, and of which of two.
    [`WITH c AS (SELECT * ${from}) SELECT a FROM c WHERE a = 1 UNION ALL SELECT a FROM c`, ['t ']],
    [`WITH c AS (SELECT * ${from}) SELECT (WITH c AS (SELECT 1 AS a) SELECT a FROM c WHERE a = 1)`, ['t ']],
    [`WITH c(b) AS (SELECT a ${from}) SELECT b FROM c WHERE b = 1`, ['t ']],
    [`WITH c AS (SELECT * FROM c) SELECT 1`, []],
    ['DESCRIBE silver.p.t', ['t none']],
    [`SELECT a ${from} WHERE a = 1 AND (SELECT count(*) FROM query('FROM silver.p.t')) > 0`, ['t ']],
  ])('%s', async (sql, expected) => {
    expect(await conditionsOf(sql)).toEqual(expected);
  });

  test('a column of a subquery is the one that it has the name of, through as many as there are', async () => {
    const resolved = async (sql: string, ...parts: string[]): Promise<(string | null)[]> =>
      (await needsOf(sql)).map(({ places }) => places[0]?.[0]?.resolve(parts) ?? null);
    const b = `SELECT 1 FROM (SELECT t.a AS b, b AS a, a + 1 AS c FROM silver.p.t t) s WHERE s.b = 1`;
    expect(await resolved(b, 's', 'b')).toEqual(['a']);
    expect(await resolved(b, 'A')).toEqual(['b']);
    expect(await resolved(b, 'c')).toEqual([null]);
    expect(await resolved(b, 't', 'a')).toEqual([null]);
    const star =
      'WITH q AS (SELECT *, a AS z FROM (SELECT t.* FROM silver.p.t t)) SELECT 1 FROM q WHERE a = 1';
    expect(await resolved(star, 'q', 'k')).toEqual(['k']);
    // Its second column of the name `z` may be the other one.
    expect(await resolved(star, 'z')).toEqual([null]);
    const both = 'SELECT 1 FROM (SELECT * FROM silver.p.t t JOIN silver.p.u u ON t.a = u.b) s WHERE id = 1';
    expect((await needsOf(both)).map(({ places }) => places[0]?.at(0)?.resolve(['id']))).toEqual([
      null,
      null,
    ]);
  });

  test.each([
    // The engine makes `id`, `id_1`, `id_1_1`: a real `id_1` is pushed on.
    ['SELECT id, * FROM silver.p.t', 'id_1', null],
    ['SELECT id, * FROM silver.p.t', 'ID_1_1', null],
    ['SELECT *, n AS id FROM silver.p.t', 'id_2', null],
    ['SELECT u.id, t.* FROM silver.p.u u JOIN silver.p.t t ON u.id = t.n', 'id_1', null],
    ['SELECT n AS id, Id, id_1 FROM silver.p.t', 'id_1', null],
    ['SELECT * FROM (SELECT id, * FROM silver.p.t) a', 'id_1', null],
    ['SELECT t.* AS id FROM silver.p.t t', 'id', null],
    ['SELECT t.* AS id FROM silver.p.t t', 'id_1', null],
    ['SELECT * AS id FROM silver.p.t', 'id_1', null],
    // Names that the engine makes of what has none.
    ['SELECT 5, n AS "5" FROM silver.p.t', '5', null],
    ['SELECT NULL, n AS "null" FROM silver.p.t', 'null', null],
    ['SELECT NULL, NULL, n AS null_1 FROM silver.p.t', 'null_1', null],
    // Numbers that are no more than part of a name.
    ['SELECT id, id_1 FROM silver.p.t', 'id_1', 'id_1'],
    ['SELECT *, n AS z FROM silver.p.t', 'id_1', 'id_1'],
    ['SELECT id, id, n FROM silver.p.t', 'n', 'n'],
    ['SELECT id, * FROM silver.p.t', 'n_1', 'n_1'],
    // One name, and two, for the engine.
    ['SELECT id AS "Ä", n AS "ä" FROM silver.p.t', 'ä', 'n'],
  ])('of columns of one name no other is taken for the one: %s, %s', async (rows, name, column) => {
    const needs = await needsOf(`SELECT 1 FROM (${rows}) q WHERE q."${name}" = 5`);
    const places = needs.find(({ table }) => table === 't')?.places ?? [];
    expect(places[0]?.at(-1)?.resolve(['q', name]) ?? null).toBe(column);
  });

  test('an outer table whose alias differs by a letter that the engine does not fold is another table', async () => {
    const [, t] = await needsOf(
      'SELECT 1 FROM silver.p.u "Ä" WHERE EXISTS (FROM silver.p.t "ä" WHERE "Ä".n = 5)',
    );
    const [asked] = t?.places[0] ?? [];
    expect([asked?.resolve(['Ä', 'n']), asked?.resolve(['ä', 'n'])]).toEqual([null, 'n']);
  });

  test('a name is a column of the table that it is written with, or of the only one that may have it', async () => {
    const [t, u] = await needsOf(
      'SELECT 1 FROM silver.p.t JOIN silver.p.u AS other USING (k) WHERE a = 1 AND k = 2',
    );
    const [onT] = t?.places[0] ?? [];
    const [onU] = u?.places[0] ?? [];
    expect([onT?.resolve(['a']), onT?.resolve(['T', 'a']), onU?.resolve(['other', 'b'])]).toEqual([
      'a',
      'a',
      'b',
    ]);
    // Merged by USING, of another table, or with more parts.
    expect([
      onT?.resolve(['k']),
      onT?.resolve(['other', 'a']),
      onU?.resolve(['u', 'a']),
      onT?.resolve(['p', 't', 'a']),
    ]).toEqual([null, null, null, null]);
  });
});
