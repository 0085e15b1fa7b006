import fc from 'fast-check';

import { listOf, literalsOf, type Literal } from './literals.ts';

/** A column that the load fills with random values. */
export interface Filled {
  readonly name: string;
  /** As in CREATE TABLE. */
  readonly declaration: string;
  readonly literal: Literal;
  /** Never null, neither in the table nor in what the load writes. */
  readonly required?: boolean;
}

export const column = (name: string, declaration: string, own?: Literal): Filled => ({
  name,
  declaration,
  literal: own ?? literalsOf(declaration),
});
export const required = (name: string, declaration: string, own?: Literal): Filled => ({
  ...column(name, `${declaration} NOT NULL`, own ?? literalsOf(declaration.replace(/ DEFAULT.*/, ''))),
  required: true,
});

const SCALARS = [
  ...['boolean', 'smallint', 'integer', 'bigint', 'oid', 'xid8'],
  ...['numeric(10,2)', 'numeric(38,9)', 'numeric(18,0)', 'numeric', 'real', 'double precision', 'money'],
  ...['text', 'character varying(20)', 'character(5)', '"char"', 'name', 'bytea'],
  ...['date', 'time', 'time(2) with time zone', 'timestamp', 'timestamp(1)', 'timestamp with time zone'],
  ...['interval', 'uuid', 'json', 'jsonb', 'jsonpath', 'xml', 'bit(4)', 'bit varying(40)'],
  ...['inet', 'cidr', 'macaddr', 'macaddr8', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'],
  ...['int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange', 'int4multirange'],
  ...['tsvector', 'tsquery', 'pg_lsn', 'mood', 'price', 'textrange', 'hstore', 'citext', 'ltree', 'pair'],
];
const ARRAYS = [
  ...[
    'boolean',
    'smallint',
    'integer',
    'bigint',
    'numeric(10,2)',
    'real',
    'double precision',
    'text',
    'bytea',
  ],
  ...['character varying(20)', 'date', 'time', 'timestamp', 'timestamp with time zone', 'uuid', 'jsonb'],
  ...['inet', 'mood', 'interval', 'hstore', 'price', 'citext'],
];

const nameOf = (declaration: string): string =>
  `c_${declaration
    .replace(/[^a-z0-9]+/gi, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase()}`;

export const EVERY_TYPE: readonly Filled[] = [
  ...SCALARS.map((declaration) => column(nameOf(declaration), declaration)),
  column('c_bit_1', 'bit(1)', fc.constantFrom('0', '1')),
  column('c_time_0', 'time(0)', literalsOf('time')),
  column('c_timestamp_6', 'timestamp(6)', literalsOf('timestamp')),
  column('c_timestamptz_0', 'timestamptz(0)', literalsOf('timestamp with time zone')),
  column('c_numeric_39_2', 'numeric(39,2)', literalsOf('numeric(10,2)')),
  ...ARRAYS.map((element) =>
    column(`a${nameOf(element).slice(1)}`, `${element}[]`, listOf(literalsOf(element))),
  ),
];

/** Too long to lie in the row, also when compressed. */
const long = (unit: Literal): Literal =>
  fc.tuple(unit, fc.integer({ min: 1, max: 6 })).map(([s, n]) => `${s}-${'x'.repeat(n * 1000)}`);
const short: Literal = fc.string({ unit: fc.constantFrom(...'abcdef '), maxLength: 8 });
export const OUT_OF_LINE: readonly Filled[] = [
  column('n', 'integer'),
  column('body', 'text', fc.oneof(long(short), short)),
  column(
    'raw',
    'bytea',
    fc.integer({ min: 0, max: 3000 }).map((n) => `\\x${'ab'.repeat(n)}`),
  ),
  column(
    'doc',
    'jsonb',
    long(short).map((s) => JSON.stringify({ s })),
  ),
  column(
    'list',
    'int[]',
    fc.integer({ min: 0, max: 900 }).map((n) => `{${Array.from({ length: n }, (_, i) => i).join(',')}}`),
  ),
  column(
    'tags',
    'text[]',
    fc.array(long(short), { maxLength: 3 }).map((list) => `{${list.map((s) => `"${s}"`).join(',')}}`),
  ),
  column(
    'map',
    'hstore',
    long(short).map((s) => `k=>"${s}"`),
  ),
  column(
    'amount',
    'numeric',
    fc.integer({ min: 0, max: 2 }).map((n) => `1${'7'.repeat(n * 3000)}`),
  ),
];
export const STORED_OUTSIDE = (table: string): string =>
  ['body', 'raw', 'doc', 'list', 'tags', 'map', 'amount']
    .map((name) => `ALTER TABLE ${table} ALTER COLUMN ${name} SET STORAGE EXTERNAL;`)
    .join('\n');
