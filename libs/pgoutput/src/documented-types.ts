/** One row of the type table. */
export interface DocumentedType {
  /** As written in CREATE TABLE. */
  readonly declaration: string;
  /** What a reader has to know beyond the mapping. */
  readonly note?: string;
  /**
   * Values for the test against a real server, as literals: ordinary ones, the ends of the range and the odd ones.
   * What the declaration's type cannot hold exactly is listed in `inexact`.
   */
  readonly samples: readonly string[];
  /** Literals whose Avro value is a stand-in; the text travels in a record header. */
  readonly inexact?: readonly string[];
}

const TEXT = 'as Postgres prints it';
const EMPTY_ARRAY = ['{}', '{NULL}'];

/** Every built-in type, in the order of the documentation. Arrays, domains, enums and composites follow their parts. */
export const DOCUMENTED_TYPES: readonly DocumentedType[] = [
  { declaration: 'boolean', samples: ['true', 'false'] },
  { declaration: 'smallint', samples: ['0', '-32768', '32767'] },
  { declaration: 'integer', samples: ['0', '-2147483648', '2147483647'] },
  {
    declaration: 'bigint',
    samples: [
      '0',
      '-1',
      '-9223372036854775808',
      '9223372036854775807',
      '4294967296',
      '-4294967296',
      '999999999999999',
    ],
  },
  { declaration: 'oid', note: 'unsigned 32 bits in a long', samples: ['0', '4294967295'] },
  {
    declaration: 'numeric(10,2)',
    note: 'NaN is null, with its text in a header',
    samples: ['0', '0.01', '-0.01', '1.28', '-1.28', '99999999.99', '-99999999.99'],
    inexact: ['NaN'],
  },
  {
    declaration: 'numeric(38,9)',
    note: 'precision up to 38',
    samples: [
      '0',
      '1',
      '-1',
      '99999999999999999999999999999.999999999',
      '-99999999999999999999999999999.999999999',
    ],
  },
  { declaration: 'numeric(38,38)', samples: ['0', '0.00000000000000000000000000000000000001', '-0.5'] },
  { declaration: 'numeric(18,0)', samples: ['0', '-1', '999999999999999999', '-999999999999999999'] },
  {
    declaration: 'numeric(39,2)',
    note: `precision above 38: ${TEXT}`,
    samples: ['1234567890123456789012345678901234567.89'],
  },
  { declaration: 'numeric(3,-2)', note: `negative scale: ${TEXT}`, samples: ['99900'] },
  {
    declaration: 'numeric',
    note: `unconstrained: ${TEXT}`,
    samples: ['0', 'NaN', 'Infinity', '-Infinity', '1e-200', '1e200'],
  },
  {
    declaration: 'real',
    note: 'NaN and infinities kept',
    samples: ['0', '-0', '0.1', '1e-45', '3.4028235e38', 'NaN', 'Infinity', '-Infinity', '16777217'],
  },
  {
    declaration: 'double precision',
    note: 'NaN and infinities kept',
    samples: [
      '0',
      '-0',
      '0.1',
      '5e-324',
      '1.7976931348623157e308',
      'NaN',
      'Infinity',
      '-Infinity',
      '0.1234567890123456',
      '123456789012345678',
    ],
  },
  { declaration: 'money', note: `${TEXT} with lc_monetary C`, samples: ['12.34', '-92233720368547758.08'] },
  {
    declaration: 'text',
    samples: [
      '',
      'plain',
      'ünïcödé 🐘',
      ' spaces ',
      'NULL',
      '{a,b}',
      'quote " and \\ backslash',
      'line\nbreak\ttab',
    ],
  },
  { declaration: 'character varying(20)', samples: ['', 'short', 'exactly twenty chars'] },
  { declaration: 'character(5)', note: 'padded to its length', samples: ['ab', 'abcde', ''] },
  { declaration: '"char"', samples: ['x'] },
  { declaration: 'name', samples: ['an_identifier'] },
  { declaration: 'bytea', samples: ['\\x', '\\x00ff10', '\\xdeadbeef'] },
  {
    declaration: 'date',
    note: 'infinity is 9999-12-31, -infinity 0001-01-01, with their text in a header',
    samples: [
      '1970-01-01',
      '2026-02-28',
      '2024-02-29',
      '1900-03-01',
      '0001-01-01',
      '4713-01-01 BC',
      '5874897-12-31',
      '10000-01-01',
    ],
    inexact: ['infinity', '-infinity'],
  },
  {
    declaration: 'time',
    note: '24:00:00 is 86,400,000,000',
    samples: ['00:00', '23:59:59.999999', '12:34:56.7', '24:00:00'],
  },
  { declaration: 'time with time zone', note: TEXT, samples: ['12:00:00.5+05:30', '00:00-15:59'] },
  {
    declaration: 'timestamp',
    note: 'infinity is 9999-12-31T23:59:59.999999, -infinity 0001-01-01T00:00:00; so is what 64-bit microseconds cannot hold (after the year 294246)',
    samples: [
      '1970-01-01',
      '2026-11-22 21:17:46.123456',
      '1969-12-31 23:59:59.999999',
      '0001-01-01',
      '4713-01-01 00:00:00 BC',
      '20000-01-01 00:00:00.000001',
    ],
    inexact: ['infinity', '-infinity', '294276-12-31 23:59:59.999999'],
  },
  {
    declaration: 'timestamp with time zone',
    note: 'an instant, UTC; the ends as for timestamp',
    samples: [
      '1970-01-01 00:00+00',
      '2026-11-22 21:17:46.123456-07:30',
      '1900-01-01 00:00 Asia/Kolkata',
      '4713-01-01 00:00:00+00 BC',
      '2300-01-01 00:00:00.5+00',
    ],
    inexact: ['infinity', '-infinity'],
  },
  {
    declaration: 'interval',
    note: `${TEXT}, style postgres`,
    samples: ['1 year -2 months 3 days 04:05:06.789', '-1 microsecond', '0'],
  },
  { declaration: 'uuid', samples: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'] },
  {
    declaration: 'json',
    note: 'the text as it was stored',
    samples: ['{"a": [1, 2.50, null], "b": "ü"}', 'null', '" spaces  kept "', '{"k":1,  "k":2}'],
  },
  { declaration: 'jsonb', note: 'as Postgres prints it', samples: ['{"a": [1, 2.50, null]}', 'null', '1e3'] },
  { declaration: 'jsonpath', note: TEXT, samples: ['$.a[*] ? (@ > 1)'] },
  { declaration: 'xml', note: TEXT, samples: ['<a>1</a>'] },
  { declaration: 'bit(4)', note: TEXT, samples: ['1010'] },
  { declaration: 'bit varying(8)', note: TEXT, samples: ['', '101'] },
  { declaration: 'inet', note: TEXT, samples: ['192.168.1.1', '10.0.0.0/8', '::1'] },
  { declaration: 'cidr', note: TEXT, samples: ['10.0.0.0/8'] },
  { declaration: 'macaddr', note: TEXT, samples: ['08:00:2b:01:02:03'] },
  { declaration: 'macaddr8', note: TEXT, samples: ['08:00:2b:01:02:03:04:05'] },
  { declaration: 'point', note: TEXT, samples: ['(1.5,-2)'] },
  { declaration: 'line', note: TEXT, samples: ['{1,2,3}'] },
  { declaration: 'lseg', note: TEXT, samples: ['[(1,2),(3,4)]'] },
  { declaration: 'box', note: TEXT, samples: ['(3,4),(1,2)'] },
  { declaration: 'path', note: TEXT, samples: ['((1,2),(3,4))'] },
  { declaration: 'polygon', note: TEXT, samples: ['((1,2),(3,4),(5,6))'] },
  { declaration: 'circle', note: TEXT, samples: ['<(1,2),3>'] },
  { declaration: 'int4range', note: TEXT, samples: ['[1,5)', 'empty'] },
  { declaration: 'int8range', note: TEXT, samples: ['[1,)'] },
  { declaration: 'numrange', note: TEXT, samples: ['(1.5,2.5]'] },
  { declaration: 'daterange', note: TEXT, samples: ['[2026-01-01,infinity)'] },
  { declaration: 'tsrange', note: TEXT, samples: ['["2026-01-01 00:00:00","2026-01-02 00:00:00")'] },
  { declaration: 'tstzrange', note: TEXT, samples: ['["2026-01-01 00:00:00+00",)'] },
  { declaration: 'int4multirange', note: TEXT, samples: ['{[1,5),[7,9)}'] },
  { declaration: 'tsvector', note: TEXT, samples: ["'a':1 'b':2A"] },
  { declaration: 'tsquery', note: TEXT, samples: ["'a' & 'b'"] },
  { declaration: 'pg_lsn', note: TEXT, samples: ['16/B374D848'] },
  { declaration: 'pg_snapshot', note: TEXT, samples: ['10:20:10,14,15'] },
  { declaration: 'xid', note: TEXT, samples: ['4294967295'] },
  { declaration: 'xid8', note: TEXT, samples: ['18446744073709551615'] },
  {
    declaration: 'regclass',
    note: `${TEXT}: a name while the object exists`,
    samples: ['pg_class'],
  },
  { declaration: 'regtype', note: TEXT, samples: ['integer'] },
  { declaration: 'int2vector', note: TEXT, samples: ['1 2 3'] },
  {
    declaration: 'integer[]',
    note: 'one declared dimension; a value of more dimensions is flattened, other bounds than 1 are left out, with the text in a header',
    samples: [...EMPTY_ARRAY, '{1,NULL,-3}'],
    inexact: ['{{1,2},{3,4}}', '[0:2]={7,8,9}'],
  },
  {
    declaration: 'text[]',
    samples: [...EMPTY_ARRAY, '{"a b",NULL,"NULL","quote \\" back \\\\",""}', '{plain,"{x,y}"}'],
  },
  { declaration: 'numeric(10,2)[]', samples: [...EMPTY_ARRAY, '{1.50,-0.01,NULL}'], inexact: ['{1,NaN}'] },
  { declaration: 'timestamptz[]', samples: [...EMPTY_ARRAY, '{"2026-11-22 21:17:46.5+00",NULL}'] },
  { declaration: 'jsonb[]', samples: [...EMPTY_ARRAY, '{"{\\"a\\": \\"x\\"}",null}'] },
  { declaration: 'bytea[]', samples: [...EMPTY_ARRAY, '{"\\\\x00ff"}'] },
  { declaration: 'boolean[]', samples: [...EMPTY_ARRAY, '{t,f,NULL}'] },
  { declaration: 'double precision[]', samples: [...EMPTY_ARRAY, '{0.1,NaN,-Infinity}'] },
  {
    declaration: 'integer[][]',
    note: `more than one declared dimension: ${TEXT}`,
    samples: ['{{1,2},{3,4}}', '{}'],
  },
  { declaration: 'box[]', note: `not separated by commas: ${TEXT}`, samples: ['{(3,4),(1,2);(2,2),(0,0)}'] },
];
