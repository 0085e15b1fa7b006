import { expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { arrayOf, field, type DeltaType } from '@hasivu/delta';
import { engineType, identifier } from '@hasivu/lake-engine';
import { fingerprint, UNKNOWN } from './compare-sql.ts';
import { historyLayout } from './history-layout.ts';
import { FORMS } from '../../../test/history-streams.ts';

/** Values of each type that must be told apart, the text ones also from what another way of writing would make of them. */
const DISTINCT: readonly (readonly [DeltaType, readonly string[]])[] = [
  ['boolean', ['true', 'false', 'NULL']],
  ['integer', ['1', '-1', '0', 'NULL']],
  ['long', ['9223372036854775807', '9223372036854775806']],
  ['double', ["'nan'", "'inf'", '0.1', '0.10000000000000002']],
  ['decimal(38,10)', ['1.0000000001', '1.0000000002']],
  [
    'string',
    ["''", "'-'", "'s'", 'NULL', "'a'", "repeat('a', 65)", "repeat('a', 66)", "md5(repeat('a', 65))"],
  ],
  ['binary', ["'\\x00'", "''", "'\\x5Cx00'", 'NULL']],
  ['date', ["'2026-01-01'", "'infinity'", "'-infinity'"]],
  ['timestamp', ["'2026-01-01 00:00:00.000001Z'", "'2026-01-01 00:00:00.000002Z'", "'infinity'"]],
  ['timestamp_ntz', ["'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"]],
  [arrayOf('string'), ["['a, b']", "['a', 'b']", '[\'a", "b\']', '[NULL]', "['NULL']", '[]', 'NULL']],
  [arrayOf('long'), ['[1, 2]', '[2, 1]', '[12]']],
];

test('equal values have one fingerprint, different ones another, in every type', async () => {
  const instance = await DuckDBInstance.create(':memory:', { autoload_known_extensions: 'false' });
  const connection = await instance.connect();
  for (const [type, values] of DISTINCT) {
    const form = FORMS['type 2'] as Parameters<typeof historyLayout>[0];
    const shape = { rowFields: [field('id', 'long'), field('v', type)], partitions: [], key: ['id'] };
    const print = fingerprint(historyLayout(form, shape), 't', ['v']);
    const rows = [...values, ...values].map((value) => `(${value}::${engineType(type)})`).join(', ');
    const reader = await connection.runAndReadAll(
      `SELECT ${print} AS p FROM (VALUES ${rows}) t(${identifier('v')})`,
    );
    const prints = reader.getRowObjectsJson().map((row) => row['p'] as string);
    expect(new Set(prints).size).toBe(values.length);
    expect(prints.slice(values.length)).toEqual(prints.slice(0, values.length));
  }
  const nothing = await connection.runAndReadAll(`SELECT ${UNKNOWN} AS p`);
  expect(nothing.getRowObjectsJson()).toHaveLength(1);
  connection.closeSync();
});

test('where one value ends and the next begins is in the fingerprint', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const form = FORMS['type 2'] as Parameters<typeof historyLayout>[0];
  const shape = {
    rowFields: [field('id', 'long'), field('a', 'string'), field('b', 'string')],
    partitions: [],
    key: ['id'],
  };
  const print = fingerprint(historyLayout(form, shape), 't', ['a', 'b']);
  const reader = await connection.runAndReadAll(
    `SELECT count(DISTINCT ${print})::INTEGER AS n FROM (VALUES ('ab', 'c'), ('a', 'bc'), ('a', NULL), (NULL, 'a'), ('', 'a')) t(a, b)`,
  );
  expect(reader.getRowObjectsJson()).toEqual([{ n: 5 }]);
  connection.closeSync();
});
