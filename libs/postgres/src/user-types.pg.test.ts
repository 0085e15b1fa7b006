import { describeColumnType } from '@hasivu/change-events';
import { mapColumnType, TupleSpans } from '@hasivu/pgoutput';
import { testDatabase, type TestDatabase } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { CatalogSession } from './catalog-session.ts';
import type { PostgresTarget } from './connection-options.ts';
import { copyQuery } from './copy-query.ts';
import { CopyReader } from './copy-reader.ts';
import { tablesOfSchemas, type CatalogTable } from './table-catalog.ts';
import { TypeCatalog } from './type-catalog.ts';
import { WireConnection } from './wire-connection.ts';

let database: TestDatabase;
let session: CatalogSession;
let target: PostgresTarget;
let table: CatalogTable;
let types: TypeCatalog;

beforeAll(async () => {
  database = await testDatabase('usertypes');
  target = { url: database.url, applicationName: 'user types test' };
  await database.query(`
    CREATE SCHEMA shop;
    CREATE TYPE shop.mood AS ENUM ('sad', 'it''s ok', 'happy, very');
    CREATE TYPE shop.pair AS (a int, b text);
    CREATE DOMAIN shop.price AS numeric(10,2) CHECK (VALUE >= 0);
    CREATE DOMAIN shop.dearer AS shop.price;
    CREATE DOMAIN shop.tags AS text[];
    CREATE TYPE shop.span AS RANGE (subtype = float8);
    CREATE TABLE shop."odd Name" (
      "Id" int, second int, mood shop.mood, moods shop.mood[], pair shop.pair, pairs shop.pair[], price shop.price,
      dearer shop.dearer, prices shop.price[], tags shop.tags, span shop.span, gone int,
      doubled int GENERATED ALWAYS AS (second * 2) STORED, PRIMARY KEY (second, "Id"));
    ALTER TABLE shop."odd Name" DROP COLUMN gone;
    INSERT INTO shop."odd Name" VALUES (1, 2, 'it''s ok', '{sad,"happy, very",NULL}', (1, 'x "y"'), ARRAY[(1, NULL)::shop.pair],
      12.5, 7, '{1.5,2}', '{a,"b c"}', '[1,2)');
    INSERT INTO shop."odd Name" VALUES (2, 2, NULL, NULL, (NULL, NULL), NULL, NULL, NULL, NULL, NULL, NULL);`);
  session = await CatalogSession.open(target);
  [table] = (await tablesOfSchemas(session, ['shop'])) as [CatalogTable];
  types = new TypeCatalog(session);
  await types.load(table.columns.map((column) => column.typeOid));
}, 60_000);

afterAll(async () => {
  await session.close();
  await database[Symbol.asyncDispose]();
});

test('the catalog names the key in key order, leaves dropped columns out and says what is generated', () => {
  expect(table.table).toBe('odd Name');
  expect(table.primaryKey).toEqual(['second', 'Id']);
  expect(table.columns.map((column) => column.name)).not.toContain('gone');
  expect(table.columns.filter((column) => column.generated).map((column) => column.name)).toEqual([
    'doubled',
  ]);
});

test('user-defined types are resolved to what they are made of', () => {
  const mapped = table.columns.map((column) => [
    column.name,
    describeColumnType(mapColumnType(column, types.lookup)),
  ]);
  expect(Object.fromEntries(mapped)).toEqual({
    Id: 'int32',
    second: 'int32',
    mood: 'string',
    moods: 'array<string>',
    pair: 'string',
    pairs: 'array<string>',
    price: 'decimal(10,2)',
    dearer: 'decimal(10,2)',
    prices: 'array<decimal(10,2)>',
    tags: 'array<string>',
    span: 'string',
    doubled: 'int32',
  });
});

test('a type that was dropped is unknown, and its columns are text', async () => {
  const oid = 4_000_000_000;
  await types.load([oid]);
  expect(describeColumnType(mapColumnType({ typeOid: oid, typmod: -1, dimensions: 0 }, types.lookup))).toBe(
    'string',
  );
});

describe('copying', () => {
  test('prints values as their output function does, and tells a row of nulls from null', async () => {
    const connection = await WireConnection.open(target, { replication: false });
    const reader = CopyReader.start(
      connection,
      'copying',
      copyQuery(table, table.columns, null, types.lookup, new Uint8Array(table.columns.length)),
    );
    const spans = new TupleSpans(table.columns.length);
    const rows: (string | null)[][] = [];
    while (!reader.done) {
      while (reader.next()) {
        spans.scanCopyRow(reader.buffer, reader.start, reader.end, new Uint8Array(table.columns.length));
        const text = (i: number): string => reader.buffer.toString('utf8', spans.start(i), spans.end(i));
        rows.push(table.columns.map((_, i) => (spans.isNull(i) ? null : text(i))));
      }
      if (!reader.done) await reader.read();
    }
    await connection.close();
    expect(rows).toEqual([
      [
        '1',
        '2',
        "it's ok",
        '{sad,"happy, very",NULL}',
        '(1,"x ""y""")',
        '{"(1,)"}',
        '12.50',
        '7.00',
        '{1.50,2.00}',
        '{a,"b c"}',
        '[1,2)',
        '4',
      ],
      ['2', '2', null, null, '(,)', null, null, null, null, null, null, '4'],
    ]);
  });

  test('filters rows and columns as the publication does', async () => {
    const connection = await WireConnection.open(target, { replication: false });
    const columns = table.columns.filter((column) => column.name === 'Id');
    const reader = CopyReader.start(
      connection,
      'copying',
      copyQuery(table, columns, '("Id" > 1)', types.lookup, new Uint8Array(table.columns.length)),
    );
    let rows = 0;
    while (!reader.done) {
      while (reader.next()) rows++;
      if (!reader.done) await reader.read();
    }
    await connection.close();
    expect(rows).toBe(1);
  });
});
