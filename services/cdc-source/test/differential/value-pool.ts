import fc from 'fast-check';

import type { TestDatabase } from '@hasivu/testing';

import { ident, type Subject } from './subject-tables.ts';

const ONE_IN_NULL = 8;

/** The name of a subject's pool: a table of random values that inserts and updates draw from, inside of the server. */
export function poolOf(subject: Subject): string {
  return `pools.${subject.sql.replaceAll(/[^a-z_]/gi, '_').toLowerCase()}`;
}

/** Makes and fills a pool of `rows` rows, numbered from 1. The same seed makes the same values. */
export async function createPool(
  database: TestDatabase,
  subject: Subject,
  rows: number,
  seed: number,
): Promise<void> {
  const pool = poolOf(subject);
  const definitions = subject.filled.map(
    ({ name, declaration }) => `${ident(name)} ${declaration.replace(/ DEFAULT.*| NOT NULL.*/g, '')}`,
  );
  await database.query(`CREATE TABLE ${pool} (i int PRIMARY KEY, ${definitions.join(', ')})`);
  // A value that was compressed here would stay so where it is copied to, and small enough to lie in the row.
  for (const { name } of subject.outOfLine ? subject.filled : [])
    if (name !== 'n')
      await database.query(`ALTER TABLE ${pool} ALTER COLUMN ${ident(name)} SET STORAGE EXTERNAL`);
  const values = subject.filled.map(({ literal, required }, at) =>
    fc.sample(required ? literal : fc.option(literal, { freq: ONE_IN_NULL }), {
      seed: seed + at,
      numRuns: rows,
    }),
  );
  const types = ['int', ...definitions.map((one) => one.replace(/^"(?:[^"]|"")*" /, ''))];
  for (let from = 0; from < rows; from += 100) {
    const chunk = Array.from({ length: Math.min(100, rows - from) }, (_, i) => from + i);
    const tuples = chunk.map((row) => [String(row + 1), ...values.map((list) => list[row] ?? null)]);
    const places = tuples
      .map((tuple, r) => `(${tuple.map((_, c) => `$${r * tuple.length + c + 1}::text`).join(',')})`)
      .join(',');
    const casts = types.map((type, c) => `v.c${c}::${type}`).join(', ');
    const names = types.map((_, c) => `c${c}`).join(', ');
    await database.query(
      `INSERT INTO ${pool} SELECT ${casts} FROM (VALUES ${places}) AS v(${names})`,
      tuples.flat(),
    );
  }
}
