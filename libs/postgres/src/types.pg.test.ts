import { AvroBuffer, AvroCursor, readValue, type ColumnType, type ColumnValue } from '@hasivu/change-events';
import {
  binaryColumnOf,
  DOCUMENTED_TYPES,
  EXACT,
  mapColumnType,
  mapDeclaration,
  MESSAGE,
  textEncoderFor,
  TupleSpans,
  UNREPRESENTABLE,
  type DocumentedType,
} from '@hasivu/pgoutput';
import { testDatabase, type TestDatabase } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { CatalogSession } from './catalog-session.ts';
import type { PostgresTarget } from './connection-options.ts';
import { copyQuery } from './copy-query.ts';
import { CopyReader } from './copy-reader.ts';
import { createSlot } from './replication-slot.ts';
import { ReplicationStream, STREAM } from './replication-stream.ts';
import { quoteIdentifier } from './sql-quote.ts';
import { tablesOfSchemas, type CatalogTable } from './table-catalog.ts';
import { TypeCatalog } from './type-catalog.ts';
import { WireConnection } from './wire-connection.ts';

interface Case {
  readonly type: DocumentedType;
  readonly table: string;
  readonly literals: readonly string[];
}

const CASES: readonly Case[] = DOCUMENTED_TYPES.map((type, i) => ({
  type,
  table: `t${String(i).padStart(3, '0')}`,
  literals: [...type.samples, ...(type.inexact ?? [])],
}));

let database: TestDatabase;
let session: CatalogSession;
let target: PostgresTarget;
let tables: Map<string, CatalogTable>;
let types: TypeCatalog;
/** Column text by `table`, in the order of the literals: as the copy gives it, as the stream gives it. */
const copied = new Map<string, (string | null)[]>();
const streamed = new Map<string, (string | null)[]>();
/** The same from a stream in binary, printed from that form; 'unreadable' where it is not known. */
const streamedBinary = new Map<string, (string | null)[]>();

beforeAll(async () => {
  database = await testDatabase('types');
  // Settings that would change the printed form, if sessions did not pin them.
  await database.query(`ALTER DATABASE "${database.name}" SET datestyle TO 'German, DMY'`);
  await database.query(`ALTER DATABASE "${database.name}" SET timezone TO 'Asia/Kolkata'`);
  await database.query(`ALTER DATABASE "${database.name}" SET bytea_output TO 'escape'`);
  await database.query(`ALTER DATABASE "${database.name}" SET extra_float_digits TO -5`);
  await database.query(`ALTER DATABASE "${database.name}" SET intervalstyle TO 'iso_8601'`);
  target = { url: database.url, applicationName: 'types test' };
  session = await CatalogSession.open(target);
  for (const { type, table } of CASES) {
    await database.query(`CREATE TABLE ${table} (id int PRIMARY KEY, v ${type.declaration})`);
  }
  await database.query('CREATE PUBLICATION types FOR ALL TABLES');
  tables = new Map((await tablesOfSchemas(session, ['public'])).map((table) => [table.table, table]));
  types = new TypeCatalog(session);
  await types.load([...tables.values()].flatMap((table) => table.columns.map((column) => column.typeOid)));
  const starts = [await openStream(false), await openStream(true)];
  for (const { table, literals } of CASES) {
    for (const [i, literal] of [...literals, null].entries()) {
      await database.query(`INSERT INTO ${table} VALUES ($1, $2)`, [i, literal]);
    }
  }
  for (const start of starts) await start();
  for (const { table } of CASES) copied.set(table, await readCopy(table));
}, 120_000);

afterAll(async () => {
  await session.close();
  await database[Symbol.asyncDispose]();
});

/** Creates a slot now; what it returns reads everything written since. */
async function openStream(binary: boolean): Promise<() => Promise<void>> {
  const slot = `types_${binary ? 'binary' : 'text'}`;
  const replication = await WireConnection.open(target, { replication: true });
  const { consistentPoint } = await createSlot(replication, slot, { temporary: true });
  return async () => {
    const stream = await ReplicationStream.start(replication, {
      slot,
      plugin: `proto_version '1', publication_names 'types'${binary ? ", binary 'true'" : ''}`,
      startLsn: consistentPoint,
      statusIntervalMs: 1000,
      confirmedLsn: () => consistentPoint,
    });
    await readStream(stream, binary ? streamedBinary : streamed);
    await stream.close();
  };
}

async function readStream(stream: ReplicationStream, into: Map<string, (string | null)[]>): Promise<void> {
  const wanted = CASES.reduce((sum, { literals }) => sum + literals.length + 1, 0);
  const names = new Map([...tables.values()].map((table) => [table.oid, table.table]));
  const spans = new TupleSpans(2);
  for (let seen = 0; seen < wanted;) {
    await stream.read(1000);
    for (let kind = stream.next(); kind !== STREAM.nothing; kind = stream.next()) {
      const { buffer, start, end } = stream;
      if (kind !== STREAM.change || buffer[start] !== MESSAGE.insert) continue;
      spans.scan(buffer, start + 6, end);
      const table = names.get(buffer.readUInt32BE(start + 1)) as string;
      const values = into.get(table) ?? [];
      values.push(spans.isNull(1) ? null : printedValue(buffer, spans, table));
      into.set(table, values);
      seen++;
    }
  }
}

function printedValue(buffer: Buffer, spans: TupleSpans, table: string): string {
  if (spans.binary[1] === 0) return buffer.toString('utf8', spans.start(1), spans.end(1));
  const column = tables.get(table)?.columns[1];
  const reader = column && binaryColumnOf(column, types.lookup);
  if (!reader) return 'unreadable';
  return Buffer.from(reader.text(buffer, spans.start(1), spans.end(1)), 'latin1').toString();
}

async function readCopy(table: string): Promise<(string | null)[]> {
  const catalog = tables.get(table) as CatalogTable;
  const connection = await WireConnection.open(target, { replication: false });
  const formats = new Uint8Array(2);
  const query = copyQuery(catalog, catalog.columns, null, types.lookup, formats);
  const reader = CopyReader.start(connection, 'copying', query);
  const spans = new TupleSpans(2);
  const values: (string | null)[] = [];
  while (!reader.done) {
    while (reader.next()) {
      spans.scanCopyRow(reader.buffer, reader.start, reader.end, formats);
      values.push(spans.isNull(1) ? null : reader.buffer.toString('utf8', spans.start(1), spans.end(1)));
    }
    if (!reader.done) await reader.read();
  }
  await connection.close();
  return values;
}

/** The Avro value as a literal that Postgres reads back. Written from the type's meaning, not from the encoder. */
function literalOf(type: ColumnType, value: ColumnValue): string | null {
  if (value === null) return null;
  switch (type.kind) {
    case 'date':
      return dateLiteral(value as number);
    case 'time': {
      const micros = value as bigint;
      return `${micros / 3_600_000_000n}:${(micros / 60_000_000n) % 60n}:${(micros / 1_000_000n) % 60n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
    }
    case 'timestamp':
    case 'timestamptz':
      return instant(value as bigint) + (type.kind === 'timestamptz' ? '+00' : '');
    case 'bytes':
      return `\\x${(value as Buffer).toString('hex')}`;
    case 'decimal': {
      const unscaled = value as bigint;
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(type.scale + 1, '0');
      const point = digits.length - type.scale;
      return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
    }
    case 'array': {
      const items = (value as ColumnValue[]).map((item) => {
        const literal = literalOf(type.element, item);
        return literal === null ? 'NULL' : `"${literal.replace(/["\\]/g, (c) => `\\${c}`)}"`;
      });
      return `{${items.join(',')}}`;
    }
    case 'float32':
    case 'float64':
      return Object.is(value, -0) ? '-0' : String(value);
    default:
      return String(value);
  }
}

function dateLiteral(day: number): string {
  return `J${day + 2440588}`;
}

/** Microseconds since 1970 as days and a time of day; Postgres does the calendar. */
function instant(micros: bigint): string {
  const day = micros / 86_400_000_000n - (micros % 86_400_000_000n < 0n ? 1n : 0n);
  const rest = micros - day * 86_400_000_000n;
  const clock = literalOf({ kind: 'time' }, rest) as string;
  return `${dateLiteral(Number(day))} ${clock}`;
}

describe.each(CASES.map((one) => [one.type.declaration, one] as const))('%s', (_, one) => {
  test('copy and stream give the same text', () => {
    expect(copied.get(one.table)?.map((text) => normalBoolean(one, text))).toEqual(streamed.get(one.table));
  });

  test('a stream in binary gives the same text, but for names that travel as numbers', () => {
    const inBinary = streamedBinary.get(one.table);
    if (one.type.declaration.startsWith('reg')) expect(inBinary).toContain('unreadable');
    else expect(inBinary).toEqual(streamed.get(one.table));
  });

  test('what Avro holds is, to Postgres, the value that was stored', async () => {
    const column = tables.get(one.table)?.columns[1];
    if (!column) throw new Error('no column');
    const type = mapColumnType(column, types.lookup);
    // docs/types.md is made without a server.
    expect(mapDeclaration(one.type.declaration)).toEqual(type);
    const encode = textEncoderFor(type);
    const out = new AvroBuffer();
    const texts = streamed.get(one.table) ?? [];
    expect(texts.at(-1)).toBeNull();
    for (const [i, text] of texts.slice(0, -1).entries()) {
      const src = Buffer.from(text as string);
      out.reset();
      const outcome = encode(src, 0, src.length, out);
      const expectExact = i < one.type.samples.length;
      expect([text, outcome === EXACT]).toEqual([text, expectExact]);
      if (outcome === UNREPRESENTABLE) continue;
      const value = readValue(new AvroCursor().reset(out.bytes, 0, out.pos), type);
      if (!expectExact) continue;
      const literal = literalOf(type, value);
      const [row] = await session.query<{ same: boolean }>(
        'comparing',
        // Text forms decide: some types have no equality, and equal numbers may differ (-0, 1.50).
        `SELECT v::text IS NOT DISTINCT FROM ($1::text::${one.type.declaration})::text AS same FROM public.${quoteIdentifier(one.table)} WHERE id = $2`,
        [literal, i],
      );
      expect({ text, literal, same: row?.same }).toEqual({ text, literal, same: true });
    }
  });
});

// The cast gives true and false, the output function t and f; the encoder reads both.
function normalBoolean(one: Case, text: string | null): string | null {
  return one.type.declaration === 'boolean' && text !== null ? text.slice(0, 1) : text;
}
