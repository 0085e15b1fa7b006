import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Engine, engineType, identifier, parseGeneration, text, type Generation } from '@hasivu/lake-engine';
import { sparkJars } from '@hasivu/peers';
import { checkProperty, PythonSession } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { COLUMNS, EXPRESSIONS } from './generated-expressions.ts';

interface Answer {
  readonly refused?: string;
}

const FIELDS = COLUMNS.map(({ own }) => own);
const SPARK_NAMES = FIELDS.map((own) => `\`${own.name}\``).join(', ');

let folder: string;
let engine: Engine;
let python: PythonSession;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hasivu-generated-'));
  engine = new Engine({ folder: join(folder, 'engine'), memoryBytes: 256e6 });
  const JARS = await sparkJars(() => undefined);
  // A zone with another day for a third of each day: nothing may depend on it.
  const options = {
    requirements: 'requirements-interop.txt',
    env: { JARS, ZONE: 'America/Los_Angeles' },
  } as const;
  python = await PythonSession.open(join(import.meta.dirname, 'spark_sql.py'), options);
  await spark('rows', folder, { sql: 'SELECT 1' });
}, 600_000);
afterAll(async () => {
  await python[Symbol.asyncDispose]();
  await engine.close();
  rmSync(folder, { recursive: true });
});

const spark = (what: 'run' | 'rows' | 'create', path: string, more: object): Promise<Answer> =>
  python.ask<Answer>({ engine: 'spark', do: what, path, ...more });

const sparkType = (type: string): string =>
  type === 'long'
    ? 'BIGINT'
    : type === 'integer'
      ? 'INT'
      : type === 'short'
        ? 'SMALLINT'
        : type.toUpperCase();

/** Rows of every column, some of them null, in a Parquet file of this engine. */
async function writeRows(rows: readonly (readonly (string | null)[])[], path: string): Promise<void> {
  const cells = FIELDS.map(
    (own, at) => `CAST(c${at} AS ${engineType(own.type)}) AS ${identifier(own.name)}`,
  ).join(', ');
  const selects = rows.map(
    (row) =>
      `SELECT ${row
        .map((value, at) => {
          const type = engineType(FIELDS[at]?.type ?? 'string');
          return `CAST(${value ?? 'NULL'} AS ${type}) AS c${at}`;
        })
        .join(', ')}`,
  );
  await engine.exclusively('writing rows', (session) =>
    session.run(
      `COPY (SELECT ${cells} FROM (${selects.join(' UNION ALL ')})) TO ${text(path)} (FORMAT parquet)`,
    ),
  );
}

/** Whether this engine has a value of it for every row. */
async function isOfEveryRow(generation: Generation, path: string): Promise<boolean> {
  return await engine.exclusively('evaluating', (session) =>
    session
      .rows(`SELECT count(v) FROM (SELECT ${generation.sql} AS v FROM read_parquet(${text(path)}))`)
      .then(
        () => true,
        () => false,
      ),
  );
}

test('what an expression is computed to, and its type, are the same in Spark, whatever its zone, and here', async () => {
  const row = fc.tuple(...COLUMNS.map(({ values }) => fc.option(values, { freq: 8 })));
  // A table costs Spark seconds, and the failure names the expressions: no hunt for a smaller one.
  const inputs = fc.noShrink(
    fc.record({
      rows: fc.array(row, { minLength: 40, maxLength: 40 }),
      expressions: fc.uniqueArray(EXPRESSIONS, { minLength: 40, maxLength: 40 }),
    }),
  );
  let [computed, refused, failed, runs] = [0, 0, 0, 0];
  const property = fc.asyncProperty(inputs, async ({ rows, expressions }) => {
    const own = join(folder, `run-${(runs += 1)}`);
    mkdirSync(own);
    const source = join(own, 'rows.parquet');
    await writeRows(rows, source);
    const taken: Generation[] = [];
    for (const expression of expressions) {
      const generation = await engine
        .exclusively('reading an expression', (session) =>
          parseGeneration(session, { root: 't', fields: FIELDS }, 'g', expression),
        )
        .catch(() => null);
      if (generation === null) refused += 1;
      else if (await isOfEveryRow(generation, source)) taken.push(generation);
      // A sum that is too large for one row, where Spark may not come to it.
      else failed += 1;
    }
    const table = join(own, 'table');
    const columns = [
      ...FIELDS.map(({ name, type }) => [name, sparkType(type as string), null]),
      ...taken.map(({ type, spark: sql }, at) => [`g${at}`, sparkType(type), sql]),
    ];
    // Spark refuses an expression of another type than the column's, and what its writers may not compute.
    const { refused: unmade } = await spark('create', table, { columns });
    const sql = [`INSERT INTO \`t\` (${SPARK_NAMES}) SELECT ${SPARK_NAMES} FROM parquet.\`${source}\``];
    const { refused: unfilled } = unmade === undefined ? await spark('run', table, { sql }) : {};
    expect({ unmade, unfilled, columns }).toEqual({ columns });
    const files = globSync(`${table}/*.parquet`).map(text).join(', ');
    const unequal = taken.map(({ sql }, at) => `count(*) FILTER (g${at} IS DISTINCT FROM ${sql}) AS g${at}`);
    const [found] = await engine.exclusively('comparing', (session) =>
      session.rows(`SELECT count(*) AS rows, ${unequal.join(', ')} FROM read_parquet([${files}])`),
    );
    const wrong = taken.filter((_, at) => found?.[`g${at}`] !== '0').map(({ spark: sql }) => sql);
    expect({ wrong, rows: found?.['rows'] }).toEqual({ wrong: [], rows: '40' });
    computed += taken.length;
  });
  const { seed } = await checkProperty(property, { budgetMs: 600_000, runs: 4 });
  console.log(
    `seed ${seed}: ${runs} tables, ${computed} expressions computed alike, ${failed} too large for a row, ${refused} refused here`,
  );
  expect(computed).toBeGreaterThan(100);
}, 1_800_000);
