import fc from 'fast-check';

/** Literals that Postgres reads as the type; every one of them, or the insert fails. */
type Literal = fc.Arbitrary<string>;

const double = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(1e23, 9007199254740993, -0, 5e-324, 1e15, 1e-5),
);
const number: Literal = double.map((value) => (Object.is(value, -0) ? '-0' : String(value)));
const finite: Literal = double.map((value) => (Number.isFinite(value) ? String(value) : '1.5'));
const float: Literal = fc
  .oneof(
    fc.float(),
    fc.integer({ min: -149, max: 127 }).map((power) => 2 ** power),
  )
  .map((value) => (Object.is(value, -0) ? '-0' : String(value)));
const int = (bits: number): Literal =>
  fc.bigInt(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n).map(String);
const uint = (bits: number): Literal => fc.bigInt(0n, 2n ** BigInt(bits) - 1n).map(String);

const character = fc.constantFrom(...'ab9 ,.;:"\'\\{}()[]<>=\t\n\v\f\r\u00a0\u0085üß漢🐘');
const text: Literal = fc.oneof(
  fc.string({ unit: character, maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => s.replaceAll('\0', '')),
  fc.constantFrom('', 'NULL', 'null', 'Null', ' '),
);
const ascii: Literal = fc.string({ unit: fc.constantFrom(...'abXY ,"\\()[]'), maxLength: 5 });

const digits = (max: number): Literal =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
const decimal = (whole: number, scale: number): Literal =>
  fc
    .tuple(fc.constantFrom('', '-'), digits(whole), scale === 0 ? fc.constant('0') : digits(scale))
    .map(([sign, a, b]) => `${sign}${a}.${b}`);
const orNaN = (literal: Literal): Literal =>
  fc.oneof({ weight: 9, arbitrary: literal }, { weight: 1, arbitrary: fc.constant('NaN') });

const day = (min: number, max: number): Literal =>
  fc.oneof(fc.integer({ min: 2440588, max: 2480588 }), fc.integer({ min, max })).map((n) => `J${n}`);
const orInfinite = (literal: Literal): Literal =>
  fc.oneof(
    { weight: 9, arbitrary: literal },
    { weight: 1, arbitrary: fc.constantFrom('infinity', '-infinity') },
  );
const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const clock: Literal = fc
  .tuple(
    fc.nat(23),
    fc.nat(59),
    fc.nat(59),
    fc.oneof(
      fc.nat(999_999),
      fc.nat(9).map((n) => n * 100_000),
    ),
  )
  .map(([h, m, s, us]) => `${pad(h)}:${pad(m)}:${pad(s)}.${pad(us, 6)}`);
const zone: Literal = fc
  .tuple(fc.constantFrom('+', '-'), fc.nat(15), fc.nat(59), fc.nat(59))
  .map(([sign, h, m, s]) => `${sign}${pad(h)}:${pad(m)}:${pad(s)}`);
const timestamp: Literal = orInfinite(fc.tuple(day(1, 109203528 - 1), clock).map(([d, c]) => `${d} ${c}`));
const interval: Literal = fc
  .tuple(
    fc.oneof(fc.integer(), fc.integer({ min: -30, max: 30 })),
    fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 })),
    fc.oneof(fc.bigInt(-(10n ** 17n), 10n ** 17n), fc.constant(0n)),
  )
  .map(([months, days, micros]) => `${months} months ${days} days ${micros} microseconds`);

const v4: Literal = fc.ipV4();
const v6: Literal = fc
  .array(fc.constantFrom('0', '0', '0', '1', 'ffff', 'ab0'), { minLength: 8, maxLength: 8 })
  .map((words) => words.join(':'));
const inet: Literal = fc.oneof(
  v4,
  v6,
  fc.tuple(v4, fc.nat(32)).map(([a, bits]) => `${a}/${bits}`),
  fc.tuple(v6, fc.nat(128)).map(([a, bits]) => `${a}/${bits}`),
);
const cidr: Literal = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `${a}.${b}.0.0/16`),
  fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) => `${a.toString(16)}:${b.toString(16)}::/32`),
  v4,
  v6,
);
const hex = (length: number): Literal =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const bytes: Literal = fc.uint8Array({ maxLength: 20 }).map((b) => `\\x${Buffer.from(b).toString('hex')}`);
const bits = (min: number, max: number): Literal =>
  fc.string({ unit: fc.constantFrom('0', '1'), minLength: min, maxLength: max });

const point: Literal = fc.tuple(number, number).map((xy) => `(${xy.join(',')})`);
const points = (min: number): Literal =>
  fc.array(point, { minLength: min, maxLength: 5 }).map((list) => list.join(','));

const single = (s: string): string => `'${s.replace(/['\\]/g, '$&$&')}'`;
const lexeme: Literal = fc.oneof(ascii, text).map((s) => single(`x${s}`));
const tsvector: Literal = fc
  .array(
    fc
      .tuple(
        lexeme,
        fc.array(fc.tuple(fc.integer({ min: 1, max: 16383 }), fc.constantFrom('', 'A', 'B', 'C', 'D')), {
          maxLength: 3,
        }),
      )
      .map(([word, places]) =>
        places.length === 0 ? word : `${word}:${places.map((p) => p.join('')).join(',')}`,
      ),
    { maxLength: 5 },
  )
  .map((words) => words.join(' '));
const { query: tsquery } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(lexeme, fc.constantFrom('', ':*', ':A', ':*BD', ':ABCD')).map((parts) => parts.join('')),
    tie('query').map((q) => `!(${q})`),
    fc
      .tuple(tie('query'), fc.constantFrom('&', '|', '<->', '<3>'), tie('query'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
  ),
}));

const json: Literal = fc.json({ maxDepth: 3 });
const lsn: Literal = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a.toString(16)}/${b.toString(16)}`);
const snapshot: Literal = fc
  .tuple(
    fc.integer({ min: 3, max: 1000 }),
    fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 4 }),
  )
  .map(
    ([xmin, gaps]) =>
      `${xmin}:${xmin + 600}:${gaps
        .sort((a, b) => a - b)
        .map((gap) => xmin + gap)
        .join(',')}`,
  );

const quoted = (s: string): string => `"${s.replace(/["\\]/g, '\\$&')}"`;
/** A range from two bounds in order, with or without ends. */
function range<T>(
  bound: fc.Arbitrary<T>,
  order: (a: T, b: T) => number,
  print: (bound: T) => string,
): Literal {
  return fc.oneof(
    fc.constant('empty'),
    fc
      .tuple(bound, bound, fc.constantFrom('[', '('), fc.constantFrom(']', ')'), fc.boolean(), fc.boolean())
      .map(([a, b, open, close, lower, upper]) => {
        const [from, to] = order(a, b) <= 0 ? [a, b] : [b, a];
        return `${open}${lower ? quoted(print(from)) : ''},${upper ? quoted(print(to)) : ''}${close}`;
      }),
  );
}
const numbers = (a: number, b: number): number => a - b;
const intRange = range(fc.integer({ min: -1000, max: 1000 }), numbers, String);
const dayRange = range(fc.integer({ min: 1, max: 5_000_000 }), numbers, (n) => `J${n}`);
const numRange = range(fc.double({ noNaN: true, noDefaultInfinity: true }), numbers, String);
const textRange = range(ascii, (a, b) => (a < b ? -1 : a > b ? 1 : 0), String);
const multi = (literal: Literal): Literal =>
  fc.array(literal, { maxLength: 3 }).map((list) => `{${list.join(',')}}`);

/** By declaration. */
export const RANDOM_LITERALS: Readonly<Record<string, Literal>> = {
  boolean: fc.constantFrom('t', 'f'),
  smallint: int(16),
  integer: int(32),
  bigint: int(64),
  oid: uint(32),
  xid: uint(32),
  cid: uint(32),
  xid8: uint(64),
  tid: fc.tuple(uint(32), uint(16)).map((parts) => `(${parts.join(',')})`),
  'numeric(10,2)': orNaN(decimal(8, 2)),
  'numeric(38,9)': orNaN(decimal(29, 9)),
  'numeric(38,38)': decimal(1, 38).map((s) => s.replace(/\d\./, '0.')),
  'numeric(18,0)': decimal(18, 0),
  'numeric(5,5)': decimal(1, 5).map((s) => s.replace(/\d\./, '0.')),
  'numeric(20,7)': decimal(13, 7),
  'numeric(3,-2)': fc.integer({ min: -99_900, max: 99_900 }).map(String),
  numeric: fc.oneof(
    decimal(40, 40),
    decimal(3, 3),
    fc.constantFrom('NaN', 'Infinity', '-Infinity', '1e300', '1e-300', '0', '0.000', '10000', '1e8'),
    fc.integer().map(String),
  ),
  real: float,
  'double precision': number,
  money: fc
    .tuple(fc.constantFrom('', '-'), fc.bigInt(0n, 10n ** 15n), fc.nat(99))
    .map(([s, d, c]) => `${s}${d}.${pad(c)}`),
  text,
  'character varying(20)': text,
  'character(5)': fc.string({ unit: character, maxLength: 5 }),
  '"char"': fc.string({ unit: fc.constantFrom(...'az%\\ '), minLength: 0, maxLength: 1 }),
  name: text,
  bytea: bytes,
  date: orInfinite(day(1, 2_147_483_493)),
  time: fc.oneof(clock, fc.constant('24:00:00')),
  'time(2) with time zone': fc.tuple(clock, zone).map((parts) => parts.join('')),
  timestamp,
  'timestamp(1)': timestamp,
  'timestamp with time zone': timestamp,
  interval,
  uuid: fc.uuid(),
  json,
  jsonb: json,
  jsonpath: fc.constantFrom('$', '$.a[*] ? (@ > 1)', 'strict $."a b".c', '$.**{2 to 3}.x.size()'),
  xml: fc.constantFrom(
    '<a>1</a>',
    'text ü',
    '<?xml version="1.0" encoding="latin1"?><a/>',
    '<?xml version="1.1" standalone="yes"?><b/>',
    '',
  ),
  'bit(4)': bits(4, 4),
  'bit varying(40)': bits(0, 40),
  inet,
  cidr,
  macaddr: hex(12),
  macaddr8: hex(16),
  point,
  // Postgres takes what is nearly zero for zero, which not both may be.
  line: fc
    .tuple(fc.double({ min: 0.01, max: 1e9 }), fc.double({ min: 0.01, max: 1e9 }), finite)
    .map((abc) => `{${abc.join(',')}}`),
  lseg: fc.tuple(point, point).map((list) => `[${list.join(',')}]`),
  box: fc.tuple(point, point).map((list) => list.join(',')),
  path: fc.oneof(
    points(1).map((list) => `[${list}]`),
    points(1).map((list) => `(${list})`),
  ),
  polygon: points(1).map((list) => `(${list})`),
  circle: fc.tuple(point, fc.double({ min: 0, noNaN: true }).map(String)).map(([p, r]) => `<${p},${r}>`),
  int4range: intRange,
  int8range: intRange,
  numrange: numRange,
  daterange: dayRange,
  tsrange: dayRange,
  tstzrange: dayRange,
  int4multirange: multi(intRange),
  nummultirange: multi(numRange),
  datemultirange: multi(dayRange),
  tstzmultirange: multi(dayRange),
  tsvector,
  tsquery,
  pg_lsn: lsn,
  pg_snapshot: snapshot,
  txid_snapshot: snapshot,
  int2vector: fc.array(int(16), { maxLength: 4 }).map((list) => list.join(' ')),
  oidvector: fc.array(uint(32), { maxLength: 4 }).map((list) => list.join(' ')),
  refcursor: text,
  mood: fc.constantFrom('sad', "it's ok", 'happy, very'),
  price: decimal(8, 2),
  textrange: textRange,
  textmultirange: multi(textRange),
  hstore: fc
    .array(fc.tuple(text, fc.option(text)), { maxLength: 4 })
    .map((pairs) => pairs.map(([k, v]) => `${quoted(k)}=>${v === null ? 'NULL' : quoted(v)}`).join(', ')),
  citext: text,
  ltree: fc.array(fc.constantFrom('a', 'b_c', '9'), { maxLength: 4 }).map((labels) => labels.join('.')),
  pair: fc.tuple(fc.option(int(32)), fc.option(text), fc.option(timestamp)).map(record),
  nested: fc
    .tuple(
      fc.option(fc.tuple(int(32), fc.option(text), timestamp).map(record)),
      fc.option(decimal(4, 2)),
      fc.option(multi(intRange)),
    )
    .map(record),
};

function record(fields: readonly (string | null)[]): string {
  return `(${fields.map((field) => (field === null ? '' : quoted(field))).join(',')})`;
}

/** Array literals: empty, with nulls, of up to three dimensions, with other lower bounds than 1. */
export function randomArray(element: Literal, delimiter: string): Literal {
  const item = fc.option(element, { freq: 5 }).map((s) => (s === null ? 'NULL' : quoted(s)));
  const list = (min: number, max: number): Literal =>
    fc.array(item, { minLength: min, maxLength: max }).map((items) => `{${items.join(delimiter)}}`);
  return fc.oneof(
    list(0, 6),
    fc.tuple(list(2, 2), list(2, 2)).map((rows) => `{${rows.join(delimiter)}}`),
    fc
      .tuple(fc.integer({ min: -3, max: 3 }), list(2, 2))
      .map(([from, items]) => `[${from}:${from + 1}]=${items}`),
    fc.tuple(list(1, 1), list(1, 1), list(1, 1)).map((rows) => `[0:0][5:7][1:1]={{${rows.join(delimiter)}}}`),
  );
}
