import fc from 'fast-check';

const number = fc.integer({ min: -100, max: 16_000 });
const compare = fc.constantFrom('=', '<', '<=', '>', '>=', '<>');

/** A condition on the columns of a table, by the prefix that the statement gives it. */
const condition: fc.Arbitrary<(of: string) => string> = fc.letrec<{
  any: (of: string) => string;
  leaf: (of: string) => string;
}>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: tie('leaf') },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('any'), fc.constantFrom('AND', 'AND', 'OR'), tie('any')).map(
        ([left, by, right]) =>
          (of: string) =>
            `(${left(of)} ${by} ${right(of)})`,
      ),
    },
    { weight: 1, arbitrary: tie('any').map((inner) => (of: string) => `NOT ${inner(of)}`) },
  ),
  leaf: fc.oneof(
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}id ${by} ${n}`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}id_1 ${by} ${n}`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${n} ${by} ${of}n * 1`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}n ${by} ${n} // 10`,
    ),
    fc.tuple(number, number).map(
      ([a, b]) =>
        (of: string) =>
          `${of}id BETWEEN ${a} AND ${b}`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}s ${by} 'v${String(Math.abs(n) % 40).padStart(3, '0')}'`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}d ${by} ${(n * 3) / 100}`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}x ${by} ${n / 8}`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}ts ${by} TIMESTAMPTZ '2026-01-01 00:00:00.000999+00' + to_microseconds(${n * 997})`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}ts ${by} '2026-01-01 00:00:0${Math.abs(n) % 10}.000${Math.abs(n) % 10}+00'`,
    ),
    fc.tuple(compare, number).map(
      ([by, n]) =>
        (of: string) =>
          `${of}day ${by} DATE '2026-01-01' + ${Math.trunc(n / 1000)}`,
    ),
    fc.constantFrom('a', 'b', "it''s", 'z').map((part) => (of: string) => `${of}part = '${part}'`),
    number.map((n) => (of: string) => `${of}s IN ('v003x', 'v${String(Math.abs(n) % 40).padStart(3, '0')}')`),
    fc.constantFrom('IN', 'NOT IN').map((by) => (of: string) => `${of}part ${by} ('a', 'b')`),
    fc.constantFrom('part', 'n', 'x', 'later', 'id').map((own) => (of: string) => `${of}${own} IS NULL`),
    fc.constantFrom('part', 'n', 'later').map((own) => (of: string) => `${of}${own} IS NOT NULL`),
    number.map((n) => (of: string) => `${of}st.a = ${Math.abs(n) % 3}`),
    number.map((n) => (of: string) => `${of}later = 'l${Math.abs(n) % 50}'`),
    number.map((n) => (of: string) => `(${of}id % 1000 = ${Math.abs(n) % 1000})`),
  ),
})).any;

const join = fc.constantFrom('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN');
const sideJoin = fc.constantFrom('SEMI JOIN', 'ANTI JOIN');
const FEW = 'count(*) AS c, min(o.id) AS i, max(u.s) AS m, count(u.n) AS n, sum(o.d) AS d';

const ALL = 'id, id_1, n, s, x, d, ts, day, part, st, later';
/** Where rows come from when not right from a table: some let conditions through, some must not. */
const inner = fc.constantFrom(
  'SELECT * FROM silver.p.t',
  'SELECT * FROM silver.p.t ORDER BY id',
  'SELECT o.* FROM silver.p.t AS o',
  `SELECT ${ALL} FROM silver.p.t WHERE id > 40`,
  'SELECT n AS id, id AS n, s, x, d, ts, day, part, st, later, id_1 FROM silver.p.t',
  `SELECT ${ALL}, id + 1 AS more FROM silver.p.t`,
  'SELECT id * 2 AS id, n, s, x, d, ts, day, part, st, later, id_1 FROM silver.p.t',
  'SELECT u.* FROM silver.p.t o JOIN silver.p.u u ON o.id = u.id',
  'SELECT u.* FROM silver.p.t o LEFT JOIN silver.p.u u ON o.id = u.id AND o.n > 5',
  'SELECT o.* FROM silver.p.t o LEFT JOIN silver.p.u u ON o.id = u.id',
  'SELECT * FROM silver.p.t o JOIN silver.p.u u ON o.n = u.id',
  'SELECT u.id AS n, o.id, o.s, u.x, o.d, u.ts, o.day, u.part, o.st, u.later, u.id_1 FROM silver.p.t o FULL JOIN silver.p.u u ON o.id = u.id',
  'SELECT * FROM (SELECT * FROM (SELECT * FROM silver.p.u) a WHERE a.n > 3) b',
  'SELECT * FROM silver.p.t ORDER BY ALL LIMIT 40',
  'SELECT DISTINCT * FROM silver.p.t',
  'SELECT DISTINCT ON (part) * FROM silver.p.t ORDER BY ALL',
  'SELECT * REPLACE (id + 3000 AS id) FROM silver.p.t',
  'SELECT max(id) AS id, max(n) AS n, max(s) AS s, max(x) AS x, max(d) AS d, max(ts) AS ts, max(day) AS day, min(part) AS part, max(st) AS st, max(later) AS later, max(id_1) AS id_1 FROM silver.p.t',
  'SELECT part, max(id) AS id, max(n) AS n, max(s) AS s, max(x) AS x, max(d) AS d, max(ts) AS ts, max(day) AS day, max(st) AS st, max(later) AS later, max(id_1) AS id_1 FROM silver.p.t GROUP BY ALL',
  'SELECT *, count(*) OVER (PARTITION BY part) AS c FROM silver.p.t',
  'SELECT * FROM silver.p.t QUALIFY id = max(id) OVER (PARTITION BY part)',
  'SELECT count(*) OVER () AS id, n, s, x, d, ts, day, part, st, later, id_1 FROM silver.p.t',
  `SELECT ${ALL} FROM silver.p.t UNION ALL SELECT ${ALL} FROM silver.p.u`,
);

/** Outside, columns of one name are numbered, and those that have these names already are pushed on. */
const numbered = fc.constantFrom(
  'SELECT id, * FROM silver.p.t',
  'SELECT u.id, o.* FROM silver.p.u u JOIN silver.p.t o ON o.id = u.n',
  'SELECT * FROM (SELECT n AS id, id AS k, id_1 AS id, * EXCLUDE (id, id_1) FROM silver.p.t)',
  'SELECT n AS id, id, n, id_1, s, x, d, ts, day, part, st, later FROM silver.p.t',
  'SELECT o.* AS id FROM silver.p.t o',
);

/** Statements over `silver.p.t` and `silver.p.u`; their answers do not depend on the order of rows. */
export const randomQueries: fc.Arbitrary<string> = fc.oneof(
  condition.map(
    (where) => `SELECT count(*) AS c, min(id) AS i, max(ts) AS t FROM silver.p.t WHERE ${where('')}`,
  ),
  condition.map((where) => `SELECT * FROM silver.p.t WHERE ${where('')}`),
  condition.map(
    (where) => `SELECT o.id, x, o.st.b FROM silver.p.t AS o WHERE ${where('o.')} ORDER BY part, 1 DESC`,
  ),
  fc
    .tuple(condition, number)
    .map(
      ([where, n]) =>
        `SELECT part, count(*) AS c FROM silver.p.t WHERE ${where('t.')} GROUP BY ALL HAVING max(id) > ${n}`,
    ),
  fc.constantFrom(
    'SELECT count(*) FROM silver.p.t',
    'SELECT part, count(*) FROM silver.p.t GROUP BY 1',
    "SELECT count(*) FROM silver.p.t WHERE part = 'a'",
    'SELECT 1 AS one FROM silver.p.t, silver.p.u WHERE false',
    'SELECT count(*) FROM silver.p.t, (SELECT DISTINCT part FROM silver.p.u)',
    'SELECT max(o).id FROM silver.p.t o',
    'SELECT #1 FROM silver.p.t',
    'SELECT q FROM silver.p.t AS r(q, w)',
    'DESCRIBE silver.p.t',
    "SELECT COLUMNS('^d') FROM silver.p.u",
    'SELECT * EXCLUDE (st, x) FROM (SELECT * FROM silver.p.t)',
    'SELECT part, count(*) OVER (PARTITION BY part) AS w FROM silver.p.t QUALIFY row_number() OVER (PARTITION BY part ORDER BY id, n) = 1',
    "FROM (PIVOT (SELECT part, day, id FROM silver.p.t) ON part IN ('a', 'b') USING count(id))",
    'SELECT count(*) FROM SILVER.p.t a, silver.p.T b WHERE a.id = b.id AND a.id < 3100',
    'SELECT s FROM silver.p.t UNION SELECT s FROM silver.p.u',
    "SELECT count(*) FROM query_table('silver.p.t'), (SELECT max(id) FROM silver.p.t WHERE id < 10)",
    'SELECT id, (SELECT max(u.id) FROM silver.p.u u WHERE u.id < o.id AND u.day = o.day) AS m FROM silver.p.t o WHERE o.id % 500 = 0',
    'SELECT o.id, l.s FROM silver.p.t o, LATERAL (SELECT s FROM silver.p.u WHERE u.id = o.id) l WHERE o.id < 3200',
  ),
  fc
    .tuple(join, condition, condition, condition)
    .map(
      ([by, on, left, right]) =>
        `SELECT ${FEW} FROM silver.p.t o ${by} silver.p.u u ON o.id = u.id AND ${on('u.')} WHERE ${left('o.')} AND ${right('u.')}`,
    ),
  fc
    .tuple(join, condition, condition)
    .map(
      ([by, on, where]) =>
        `SELECT ${FEW} FROM silver.p.t o ${by} silver.p.u u ON o.id = u.id AND ${on('o.')} WHERE ${where('u.')}`,
    ),
  fc
    .tuple(join, condition)
    .map(
      ([by, where]) => `SELECT ${FEW} FROM silver.p.t o ${by} silver.p.u u USING (id) WHERE ${where('u.')}`,
    ),
  fc
    .tuple(join, condition)
    .map(
      ([by, where]) =>
        `SELECT count(*) AS c FROM silver.p.t o ${by} silver.p.u u USING (id, part, s) WHERE id > 50 AND ${where('o.')}`,
    ),
  fc
    .tuple(sideJoin, condition, condition, condition)
    .map(
      ([by, left, right, where]) =>
        `SELECT count(*) AS c, min(id) AS i FROM silver.p.t o ${by} silver.p.u u ON o.id = u.id AND ${left('o.')} AND ${right('u.')} WHERE ${where('')}`,
    ),
  fc
    .tuple(join, join, condition, condition)
    .map(
      ([one, two, on, where]) =>
        `SELECT count(*) AS c, count(v.n) AS n FROM silver.p.t o ${one} (silver.p.u u ${two} silver.p.t v ON u.id = v.id AND ${on('v.')}) ON o.id = u.id WHERE ${where('v.')}`,
    ),
  condition.map(
    (where) =>
      `WITH c AS (SELECT id, s, n FROM silver.p.t WHERE ${where('')}) SELECT count(*) AS a, max(c.s) AS s FROM c JOIN silver.p.u u ON c.id = u.id`,
  ),
  fc
    .tuple(inner, condition)
    .map(([rows, where]) => `SELECT count(*) AS c, min(id) AS i FROM (${rows}) q WHERE ${where('q.')}`),
  fc
    .tuple(inner, condition)
    .map(
      ([rows, where]) => `WITH q AS (${rows}) SELECT count(*) AS c, min(n) AS i FROM q WHERE ${where('')}`,
    ),
  fc
    .tuple(inner, condition, condition)
    .map(
      ([rows, a, b]) =>
        `WITH q AS (${rows}) SELECT (SELECT count(*) FROM Q WHERE ${a('')}) AS a, (SELECT count(*) FROM q AS r WHERE ${b('r.')}) AS b`,
    ),
  fc
    .tuple(inner, join, condition, condition)
    .map(
      ([rows, by, on, where]) =>
        `WITH q AS MATERIALIZED (${rows}) SELECT count(*) AS c, count(q.id) AS i FROM silver.p.u u ${by} q ON u.id = q.id AND ${on('q.')} WHERE ${where('q.')}`,
    ),
  fc
    .tuple(inner, condition)
    .map(
      ([rows, where]) =>
        `WITH q AS (${rows}), w AS (SELECT * FROM q) SELECT count(*) AS c FROM silver.p.u o WHERE EXISTS (FROM w WHERE w.id = o.id AND ${where('w.')})`,
    ),
  fc
    .tuple(inner, condition)
    .map(
      ([rows, where]) =>
        `WITH q AS (${rows}), r AS (WITH q AS (SELECT * FROM silver.p.u) SELECT * FROM q) SELECT count(*) AS c FROM r, q WHERE r.id = q.id AND ${where('q.')}`,
    ),
  {
    weight: 3,
    arbitrary: fc
      .tuple(numbered, fc.constantFrom('id_1', 'ID'), compare, number)
      .map(
        ([rows, own, by, n]) =>
          `SELECT count(*) AS c, min(q.id_1) AS i FROM (${rows}) q WHERE q.${own} ${by} ${n}`,
      ),
  },
  fc
    .tuple(numbered, condition)
    .map(([rows, where]) => `WITH q AS (${rows}) SELECT count(*) AS c FROM q WHERE ${where('')}`),
  number.map(
    (n) =>
      `SELECT count(*) AS c, max(b.id) AS i FROM silver.p.t a ASOF JOIN silver.p.u b ON a.id >= b.id WHERE b.id < ${n}`,
  ),
  fc
    .tuple(condition, condition)
    .map(
      ([a, b]) =>
        `SELECT id, s FROM silver.p.t WHERE ${a('')} EXCEPT SELECT id, s FROM silver.p.t WHERE ${b('')}`,
    ),
  condition.map(
    (where) =>
      `SELECT count(*) AS c FROM silver.p.t o WHERE NOT EXISTS (SELECT 1 FROM silver.p.u u WHERE u.id = o.id AND ${where('u.')})`,
  ),
  condition.map(
    (where) =>
      `SELECT count(*) AS c FROM silver.p.t WHERE id IN (SELECT id FROM silver.p.u WHERE ${where('')})`,
  ),
);
