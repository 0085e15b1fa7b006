import fc from 'fast-check';

import { column, EVERY_TYPE, OUT_OF_LINE, required, STORED_OUTSIDE, type Filled } from './filled-columns.ts';
import { literalsOf } from './literals.ts';

/** A table under comparison. The load makes the key from a sequence and takes every filled column from a pool. */
export interface Subject {
  /** `schema.table`, not quoted. */
  readonly id: string;
  /** The same, quoted for SQL. */
  readonly sql: string;
  /** Definitions ahead of the filled columns; `$id` columns are numbered from a sequence. */
  readonly head: string;
  /** Columns of the head that get the next number of the sequence. */
  readonly numbered: readonly string[];
  readonly filled: readonly Filled[];
  /** What follows the columns: `, PRIMARY KEY (…)) PARTITION BY …`. */
  readonly tail: string;
  readonly after?: string;
  /** Values are long, and kept out of the row without compression. */
  readonly outOfLine?: true;
  /** What the load may do beyond inserting. */
  readonly may: { readonly update?: boolean; readonly delete?: boolean; readonly rekey?: boolean };
}

export const DEFINITIONS = `
  CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy, very');
  CREATE DOMAIN price AS numeric(10,2);
  CREATE TYPE pair AS (a int, b text, c timestamp);
  CREATE TYPE textrange AS RANGE (subtype = text);
  CREATE SEQUENCE ids START 1000;
  CREATE SCHEMA "Mixed Case";`;

const ALL = { update: true, delete: true, rekey: true };

export const SUBJECTS: readonly Subject[] = [
  {
    id: 'public.every_type',
    sql: 'every_type',
    head: 'id bigint PRIMARY KEY',
    numbered: ['id'],
    filled: EVERY_TYPE,
    tail: ')',
    after: 'ALTER TABLE every_type REPLICA IDENTITY FULL',
    may: ALL,
  },
  {
    id: 'public.strict',
    sql: 'strict',
    head: 'tenant int NOT NULL, code text NOT NULL',
    numbered: ['tenant', 'code'],
    filled: [
      required('flag', 'boolean'),
      required('small', 'smallint'),
      required('whole', 'integer DEFAULT 42', literalsOf('integer')),
      required('large', 'bigint'),
      required(
        'total',
        'numeric(10,2) DEFAULT 12.50',
        fc.integer().map((n) => String(n % 1_000_000)),
      ),
      required('free', 'numeric', fc.integer().map(String)),
      required('ratio', 'double precision'),
      required('label', "text DEFAULT 'it''s new'", literalsOf('text')),
      required('raw', 'bytea'),
      required(
        'day',
        "date DEFAULT '2020-02-29'",
        fc.integer({ min: 2440000, max: 2480588 }).map((n) => `J${n}`),
      ),
      required('clock', 'time', fc.constantFrom('00:00', '12:34:56.789', '23:59:59.999999')),
      required(
        'at',
        'timestamptz DEFAULT now()',
        fc.constantFrom('2026-01-02 03:04:05.678901Z', '1999-12-31 23:59:59+02'),
      ),
      required('seen', 'timestamp', fc.constantFrom('2026-01-02 03:04:05.678901', '1969-12-31 23:59:59')),
      required('token', 'uuid DEFAULT gen_random_uuid()', fc.uuid()),
      required('doc', "jsonb DEFAULT '{}'", literalsOf('jsonb')),
      required('feeling', "mood DEFAULT 'sad'", literalsOf('mood')),
      required('list', "int[] DEFAULT '{}'", fc.constantFrom('{}', '{1,2}', '{3,NULL}')),
      column('spare', 'integer DEFAULT 7', literalsOf('integer')),
      required('span', 'interval', fc.constantFrom('1 day', '-2 months 3 hours')),
    ],
    tail: ', PRIMARY KEY (code, tenant))',
    may: ALL,
  },
  {
    id: 'public.odd_keys',
    sql: 'odd_keys',
    head: 'id bigint',
    numbered: ['id'],
    filled: [
      required('token', 'uuid'),
      required(
        'day',
        'date',
        fc.integer({ min: 2440000, max: 2480588 }).map((n) => `J${n}`),
      ),
      required('at', 'timestamptz', fc.constantFrom('2026-01-02 03:04:05.678901Z', '1999-12-31 23:59:59+02')),
      required('seen', 'timestamp', fc.constantFrom('2026-01-02 03:04:05.678901', '1969-12-31 23:59:59')),
      required(
        'total',
        'numeric(12,3)',
        fc.integer().map((n) => String((n % 1_000_000) / 8)),
      ),
      required('free', 'numeric', fc.integer().map(String)),
      required('raw', 'bytea'),
      required('feeling', 'mood', literalsOf('mood')),
      column('note', 'text'),
    ],
    tail: ', PRIMARY KEY (id, token, day, at, seen, total, free, raw, feeling))',
    may: ALL,
  },
  {
    id: 'public.keyless',
    sql: 'keyless',
    head: 'id bigint',
    numbered: ['id'],
    filled: [column('n', 'integer'), column('note', 'text'), column('total', 'numeric(10,2)')],
    tail: ')',
    after: 'ALTER TABLE keyless REPLICA IDENTITY FULL',
    may: { update: true, delete: true },
  },
  {
    id: 'public.indexed',
    sql: 'indexed',
    head: 'id bigint PRIMARY KEY, code text NOT NULL UNIQUE',
    numbered: ['id', 'code'],
    filled: [column('n', 'integer'), required('note', 'text')],
    tail: ')',
    after: 'ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_code_key',
    may: ALL,
  },
  {
    id: 'public.unidentified',
    sql: 'unidentified',
    head: 'id bigint PRIMARY KEY',
    numbered: ['id'],
    filled: [column('n', 'integer')],
    tail: ')',
    after: 'ALTER TABLE unidentified REPLICA IDENTITY NOTHING',
    may: {},
  },
  {
    id: 'public.toasted',
    sql: 'toasted',
    head: 'id bigint PRIMARY KEY',
    numbered: ['id'],
    filled: OUT_OF_LINE,
    outOfLine: true,
    tail: ')',
    after: STORED_OUTSIDE('toasted'),
    may: ALL,
  },
  {
    id: 'public.toasted_full',
    sql: 'toasted_full',
    head: 'id bigint PRIMARY KEY',
    numbered: ['id'],
    filled: OUT_OF_LINE,
    outOfLine: true,
    tail: ')',
    after: `${STORED_OUTSIDE('toasted_full')} ALTER TABLE toasted_full REPLICA IDENTITY FULL`,
    may: ALL,
  },
  {
    id: 'public.parts',
    sql: 'parts',
    head: 'id bigint, shard int GENERATED ALWAYS AS IDENTITY',
    numbered: ['id'],
    filled: [
      required('place', 'integer', fc.integer({ min: 0, max: 299 }).map(String)),
      column('note', 'text'),
    ],
    tail: ', PRIMARY KEY (id, place)) PARTITION BY RANGE (place)',
    after: `CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (300)`,
    may: ALL,
  },
  {
    id: 'public.computed',
    sql: 'computed',
    head: 'id bigint PRIMARY KEY, twice bigint GENERATED ALWAYS AS (n::bigint * 2) STORED',
    numbered: ['id'],
    filled: [column('n', 'integer'), column('note', 'text')],
    tail: ')',
    may: ALL,
  },
  {
    id: 'Mixed Case.Order Lines',
    sql: '"Mixed Case"."Order Lines"',
    head: '"Id" bigint PRIMARY KEY',
    numbered: ['Id'],
    filled: [
      column('select', 'text'),
      column('naïve', 'integer'),
      column('1st', 'text'),
      column('a b', 'integer'),
    ],
    tail: ')',
    may: ALL,
  },
  {
    id: 'public.evolving',
    sql: 'evolving',
    head: 'id bigint PRIMARY KEY, c1 int',
    numbered: ['id'],
    filled: [column('touched', 'integer')],
    tail: ')',
    may: ALL,
  },
];

const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function createTableSql(subject: Subject): string {
  const columns = subject.filled.map(({ name, declaration }) => `${ident(name)} ${declaration}`);
  return `CREATE TABLE ${subject.sql} (${[subject.head, ...columns].join(', ')}${subject.tail}; ${subject.after ?? ''};`;
}

export { ident };
