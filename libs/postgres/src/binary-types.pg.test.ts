import { AvroBuffer } from '@hasivu/change-events';
import {
  binaryColumnOf,
  mapColumnType,
  textEncoderFor,
  TupleSpans,
  type BinaryColumn,
  type ColumnEncoder,
} from '@hasivu/pgoutput';
import { checkProperty, testDatabase, type TestDatabase } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { CatalogSession } from './catalog-session.ts';
import { copyFormats, copyQuery } from './copy-query.ts';
import { CopyReader } from './copy-reader.ts';
import { RANDOM_LITERALS, randomArray } from './random-literals.test-data.ts';
import { tablesOfSchemas, type CatalogColumn, type CatalogTable } from './table-catalog.ts';
import { TypeCatalog } from './type-catalog.ts';
import { WireConnection } from './wire-connection.ts';

const RUNS = 2;
const USER_TYPES = `
  CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy, very');
  CREATE DOMAIN price AS numeric(10,2);
  CREATE TYPE textrange AS RANGE (subtype = text, collation = "C", multirange_type_name = textmultirange);
  CREATE TYPE pair AS (a int, b text, c timestamptz);
  CREATE TYPE nested AS (p pair, n price, m int4multirange);`;

interface Case {
  readonly declaration: string;
  readonly table: string;
  readonly literals: fc.Arbitrary<string>;
}

const scalars = Object.entries(RANDOM_LITERALS);
const CASES: readonly Case[] = [
  ...scalars,
  ...scalars.map(
    ([name, literal]) => [`${name}[]`, randomArray(literal, name === 'box' ? ';' : ',')] as const,
  ),
  ['integer[][]', randomArray(RANDOM_LITERALS['integer'] as fc.Arbitrary<string>, ',')] as const,
].map(([declaration, literals], i) => ({ declaration, table: `t${i}`, literals }));

let database: TestDatabase;
let session: CatalogSession;
let connection: WireConnection;
let types: TypeCatalog;
let tables: ReadonlyMap<string, CatalogTable>;

beforeAll(async () => {
  database = await testDatabase('binarytypes');
  await database.query(USER_TYPES);
  for (const { declaration, table } of CASES)
    await database.query(`CREATE TABLE ${table} (v ${declaration})`);
  const target = { url: database.url, applicationName: 'binary types test' };
  session = await CatalogSession.open(target);
  connection = await WireConnection.open(target, { replication: false });
  types = new TypeCatalog(session);
  tables = new Map((await tablesOfSchemas(session, ['public'])).map((table) => [table.table, table]));
  await types.load([...tables.values()].flatMap(({ columns }) => columns.map((column) => column.typeOid)));
}, 120_000);

afterAll(async () => {
  await connection.close();
  await session.close();
  await database[Symbol.asyncDispose]();
});

/** What an encoder makes of a value: its outcome and the Avro bytes. */
function encoded(encode: ColumnEncoder, src: Buffer, start: number, end: number): string {
  const out = new AvroBuffer(64);
  const outcome = encode(src, start, end, out);
  return `${outcome} ${out.bytes.toString('hex', 0, out.pos)}`;
}

/** The rows of a table, each with the column in text and the same column in binary, as the server prints and sends it. */
async function comparisons(
  table: CatalogTable,
  column: CatalogColumn,
  reader: BinaryColumn,
): Promise<{ text: string; rendered: string; fromText: string; fromBinary: string }[]> {
  const both = [column, column];
  const formats = Uint8Array.of(0, 1);
  const encodeText = textEncoderFor(mapColumnType(column, types.lookup));
  const copy = CopyReader.start(connection, 'copying', copyQuery(table, both, null, types.lookup, formats));
  const spans = new TupleSpans(2);
  const rows: Awaited<ReturnType<typeof comparisons>> = [];
  while (!copy.done) {
    while (copy.next()) {
      const { buffer: src } = copy;
      spans.scanCopyRow(src, copy.start, copy.end, formats);
      expect(spans.isNull(0)).toBe(spans.isNull(1));
      if (spans.isNull(0)) continue;
      const text = src.toString('utf8', spans.start(0), spans.end(0));
      rows.push({
        // The cast that a copy uses prints a boolean in full; every other text is the output function's.
        text: column.typeOid === 16 ? text.slice(0, 1) : text,
        rendered: Buffer.from(reader.text(src, spans.start(1), spans.end(1)), 'latin1').toString(),
        fromText: encoded(encodeText, src, spans.start(0), spans.end(0)),
        fromBinary: encoded(reader.encode, src, spans.start(1), spans.end(1)),
      });
    }
    if (!copy.done) await copy.read();
  }
  return rows;
}

describe.each(CASES.map((one) => [one.declaration, one] as const))('%s', (_, one) => {
  test('binary values give the text that Postgres prints and the Avro bytes of that text', async () => {
    const table = tables.get(one.table) as CatalogTable;
    const column = table.columns[0] as CatalogColumn;
    const reader = binaryColumnOf(column, types.lookup) as BinaryColumn;
    expect(copyFormats([column], types.lookup)).toEqual(Uint8Array.of(1));
    let compared = 0;
    await checkProperty(
      fc.asyncProperty(
        fc.array(fc.option(one.literals, { freq: 20 }), { minLength: 15, maxLength: 60 }),
        async (literals) => {
          await database.query(`TRUNCATE ${one.table}`);
          await database.query(`INSERT INTO ${one.table} SELECT unnest($1::text[])::${one.declaration}`, [
            literals,
          ]);
          const rows = await comparisons(table, column, reader);
          for (const { text, rendered, fromText, fromBinary } of rows)
            expect({ rendered, fromBinary }).toEqual({ rendered: text, fromBinary: fromText });
          compared += rows.length;
        },
      ),
      { runs: RUNS },
    );
    expect(compared).toBeGreaterThan(0);
  });
});
