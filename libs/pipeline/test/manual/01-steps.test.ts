/**
 * # 1. Steps
 *
 * A pipeline is a list of steps. It is compiled for one table schema and then works on one reused row.
 */
import { createHmac } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import type { ColumnValue, TableSchema } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';

import {
  compilePipeline,
  type CompiledPipeline,
  type StepDefinition,
  type StepResult,
} from '../../src/index.ts';

const students: TableSchema = {
  database: 'school',
  schema: 'public',
  table: 'students',
  columns: [
    { name: 'id', type: { kind: 'int64' }, pgType: 'bigint' },
    { name: 'name', type: { kind: 'string' }, pgType: 'text' },
    { name: 'phone', type: { kind: 'string' }, pgType: 'text' },
    { name: 'fee', type: { kind: 'decimal', precision: 8, scale: 2 }, pgType: 'numeric(8,2)' },
    { name: 'joined', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};
const asha: ColumnValue[] = [1n, 'Asha', '+91 98450 12345', 1250n, '2024-06-03'];

function compile(...steps: StepDefinition[]): CompiledPipeline {
  return compilePipeline({ name: 'manual', to: 'students', steps }, students);
}

function run(
  pipeline: CompiledPipeline,
  values: ColumnValue[],
  unavailable: number[] = [],
): { result: StepResult; row: Record<string, ColumnValue>; marks: string[] } {
  const row = pipeline.createRow();
  values.forEach((value, slot) => (row.values[slot] = value));
  for (const slot of unavailable) {
    row.unavailable[slot] = 1;
    row.hasUnavailable = true;
  }
  const result = pipeline.run(row);
  return {
    result,
    row: Object.fromEntries(pipeline.columns.map(({ name, slot }) => [name, row.values[slot] ?? null])),
    marks: pipeline.columns.filter(({ slot }) => row.unavailable[slot] === 1).map(({ name }) => name),
  };
}

function mistake(...steps: StepDefinition[]): string {
  try {
    compile(...steps);
  } catch (error) {
    if (isPlatformError(error) && error.code === 'PIPELINE_STEP_INVALID') return error.message;
    throw error;
  }
  throw new Error('it compiles');
}

describe('steps', () => {
  test('change the schema when compiled and the values when run', () => {
    const pipeline = compile(
      { rename: { from: 'id', to: 'student_id' } },
      { cast: { column: 'joined', to: 'date' } },
      { derive: { column: 'fee_with_tax', expr: 'round(fee * 1.05, 2)' } },
      { drop: { columns: ['phone'] } },
    );
    expect(pipeline.output.columns.map(({ name, pgType }) => `${name} ${pgType}`)).toEqual([
      'student_id bigint',
      'name text',
      'fee numeric(8,2)',
      'joined date',
      'fee_with_tax numeric(10,2)',
    ]);
    expect(pipeline.output.key).toEqual(['student_id']);
    expect(run(pipeline, asha)).toMatchObject({
      result: { tag: 'ok' },
      row: { student_id: 1n, name: 'Asha', fee: 1250n, joined: 19_877, fee_with_tax: 1313n },
    });
  });

  test('see the columns as the steps before left them', () => {
    const pipeline = compile({ rename: { from: 'fee', to: 'price' } }, { filter: { expr: 'price > 10' } });
    expect(run(pipeline, asha).result).toEqual({ tag: 'ok' });
    expect(mistake({ rename: { from: 'fee', to: 'price' } }, { filter: { expr: 'fee > 10' } })).toContain(
      'step 2 (filter), character 1 of its expression: there is no column "fee"',
    );
  });

  test('a filter keeps what is true: unknown is not', () => {
    const pipeline = compile({ filter: { expr: 'fee >= 10' } });
    expect(run(pipeline, asha).result).toEqual({ tag: 'ok' });
    expect(run(pipeline, [1n, 'A', null, 999n, null]).result).toEqual({ tag: 'drop' });
    expect(run(pipeline, [1n, 'A', null, null, null]).result).toEqual({ tag: 'drop' });
  });

  test('a route names the output; the first match counts and later steps still apply', () => {
    const pipeline = compile(
      { route: { when: 'fee > 1000', to: 'large' } },
      { route: { when: 'fee > 10', to: 'medium' } },
      { filter: { expr: 'name is not null' } },
    );
    expect(pipeline.outputs).toEqual(['students', 'large', 'medium']);
    expect(run(pipeline, [1n, 'A', null, 200_000n, null]).result).toEqual({ tag: 'route', output: 'large' });
    expect(run(pipeline, asha).result).toEqual({ tag: 'route', output: 'medium' });
    expect(run(pipeline, [1n, 'A', null, 1n, null]).result).toEqual({ tag: 'ok' });
    expect(run(pipeline, [1n, null, null, 200_000n, null]).result).toEqual({ tag: 'drop' });
  });

  test('masks: a fixed text, a keyed hash that stays joinable, the last characters, null', () => {
    const mask = (
      method: 'redact' | 'hash' | 'partial' | 'null',
      value: string | null,
    ): ColumnValue | undefined => {
      const pipeline = compile({ mask: { column: 'phone', method, keepLast: 3, salt: 'secret' } });
      return run(pipeline, [1n, null, value, null, null]).row['phone'];
    };
    expect(mask('redact', '12345')).toBe('***');
    expect(mask('partial', '12345')).toBe('**345');
    expect(mask('partial', '345')).toBe('***');
    expect(mask('null', '12345')).toBeNull();
    expect(mask('hash', '12345')).toBe(createHmac('sha256', 'secret').update('12345').digest('hex'));
    expect(mask('hash', '12345')).not.toBe(mask('hash', '12346'));
    for (const method of ['redact', 'hash', 'partial', 'null'] as const)
      expect(mask(method, null)).toBeNull();
  });

  test("a value that a step can't take rejects the row, with a reason that holds no value", () => {
    const pipeline = compile({ cast: { column: 'joined', to: 'date' } });
    expect(run(pipeline, [1n, 'A', null, null, 'soon']).result).toEqual({
      tag: 'reject',
      rule: 'step 1 (cast joined)',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      reason: 'not a date of the form YYYY-MM-DD',
    });
  });

  test('an unavailable value stays unavailable through every step that reads it', () => {
    const pipeline = compile(
      { derive: { column: 'initial', expr: 'left(name, 1)' } },
      { mask: { column: 'phone', method: 'redact' } },
      { derive: { column: 'shout', expr: "initial || '!'" } },
    );
    expect(run(pipeline, asha, [1]).marks).toEqual(['name', 'initial', 'shout']);
    const filtered = compile({ filter: { expr: "name <> 'x'" } });
    expect(run(filtered, asha, [1]).result).toMatchObject({ tag: 'reject' });
    expect(run(filtered, asha, [2]).result).toEqual({ tag: 'ok' });
  });

  test('the key can be renamed, cast and hashed; what would make rows indistinguishable is refused', () => {
    expect(mistake({ drop: { columns: ['id'] } })).toContain('part of the key');
    expect(mistake({ mask: { column: 'id', method: 'redact' } })).toContain('part of the key');
    expect(mistake({ derive: { column: 'id', expr: '1' } })).toContain('part of the key');
    const renamed = compile({ rename: { from: 'id', to: 'key' } });
    expect(renamed.keyChanges).toBe(false);
    const hashed = compile({ mask: { column: 'id', method: 'hash', salt: 's' } });
    expect(hashed.keyChanges).toBe(true);
    const row = hashed.createRow();
    row.values[0] = 7n;
    expect(hashed.runKey(row)).toEqual({ tag: 'ok' });
    expect(hashed.keySlots.map((slot) => row.values[slot])).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
  });

  test.each<[string, StepDefinition, RegExp]>([
    ['a column that is not there', { cast: { column: 'nope', to: 'int64' } }, /no column "nope"/],
    ['a type that does not exist', { cast: { column: 'fee', to: 'money2' } }, /no type "money2"/],
    [
      'types without a conversion',
      { cast: { column: 'fee', to: 'date' } },
      /decimal\(8,2\) can't become date/,
    ],
    ['a name that is taken', { rename: { from: 'fee', to: 'name' } }, /a column "name" already/],
    ['a hash without a salt', { mask: { column: 'phone', method: 'hash' } }, /needs a secret salt/],
    ['a bad output name', { route: { when: 'true', to: 'a b' } }, /no output name/],
    ['an expression of the wrong type', { filter: { expr: 'fee + 1' } }, /needs true or false/],
    ['a type of null', { derive: { column: 'x', expr: 'null' } }, /say which type/],
  ])('a mistake is found when compiled: %s', (_name, step, message) => {
    expect(mistake(step)).toMatch(message);
  });

  test('lineage follows every column to its origins, through masks and filters', () => {
    const pipeline = compile(
      { rename: { from: 'name', to: 'full_name' } },
      { mask: { column: 'phone', method: 'hash', salt: 's' } },
      { derive: { column: 'label', expr: "full_name || ' ' || phone" } },
      { filter: { expr: 'fee > 0' } },
    );
    const origins = Object.fromEntries(
      pipeline.columns.map(({ name, origins: all }) => [
        name,
        all.map(({ column, subtype, masking }) => `${subtype} ${column}${masking ? ' masked' : ''}`),
      ]),
    );
    expect(origins).toEqual({
      id: ['IDENTITY id'],
      full_name: ['IDENTITY name'],
      phone: ['TRANSFORMATION phone masked'],
      fee: ['IDENTITY fee'],
      joined: ['IDENTITY joined'],
      label: ['TRANSFORMATION name', 'TRANSFORMATION phone masked'],
    });
    expect(pipeline.rowDependencies).toEqual([{ column: 'fee', description: 'step 4 (filter)' }]);
  });

  test('columns that no step touches keep their place in the event, so that their bytes can be copied', () => {
    const pipeline = compile(
      { rename: { from: 'name', to: 'n' } },
      { derive: { column: 'x', expr: 'fee * 2' } },
    );
    expect(pipeline.columns.map(({ slot }) => slot)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pipeline.reads).toEqual([3]);
  });
});
