import type { ColumnSchema } from '@hasivu/change-events';
import { field } from '@hasivu/delta';
import { expect, test } from '@jest/globals';
import { withOrigin } from './column-origin.ts';
import { assertKeyFed, assertSameKey } from './fed-key.ts';
import type { TableShape } from './table-shape.ts';
import type { TopicBinding } from './topic-binding.ts';

const column = (name: string, origin?: string): ColumnSchema => ({
  name,
  type: { kind: 'int32' },
  pgType: 'integer',
  ...(origin === undefined ? {} : { origin }),
});
const shape = (fields: Readonly<Record<string, string | null>>, key: readonly string[]): TableShape => ({
  rowFields: Object.entries(fields).map(([name, origin]) => withOrigin(field(name, 'integer'), origin)),
  partitions: [],
  key,
});

function refusal(of: TableShape, mapsColumns: boolean, ...columns: readonly ColumnSchema[]): string | null {
  try {
    assertKeyFed(of, columns, {
      table: 'public.parts',
      topic: 'p.public.parts',
      mapsColumns,
    } as TopicBinding);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

test('rows whose columns are those of the key, by origin or by name, are taken', () => {
  expect(refusal(shape({ code: '7.1' }, ['code']), true, column('id', '7.1'))).toBeNull();
  expect(refusal(shape({ ID: null }, ['ID']), false, column('id', '7.1'), column('n'))).toBeNull();
  expect(refusal(shape({ id: '7.1' }, []), true, column('other'))).toBeNull();
});

test('rows without one are refused with the column and what became of it', () => {
  const message = refusal(
    shape({ plant: null, id: null, n: null }, ['plant', 'id']),
    false,
    column('plant'),
    column('code'),
  );
  expect(message).toMatch(/LAKE_KEY_CHANGED.*public\.parts.*"id".*\(plant, code\).*columnMapping is never/);
  const replaced = refusal(shape({ id_was_1: '7.1', id: '7.3' }, ['id_was_1']), true, column('id', '7.3'));
  expect(replaced).toMatch(/LAKE_KEY_CHANGED.*"id_was_1".*\(id\).*another column/);
});

function keyedBy(
  of: TableShape,
  keyed: readonly string[],
  ...columns: readonly ColumnSchema[]
): string | null {
  try {
    assertSameKey(of, keyed, columns, { table: 'public.parts', topic: 'p.public.parts' } as TopicBinding);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a key of the same columns is the same, whatever their order and names', () => {
  const parts = shape({ plant: '7.1', code: '7.2', n: '7.3' }, ['plant', 'code']);
  expect(keyedBy(parts, ['id', 'plant'], column('plant', '7.1'), column('id', '7.2'))).toBeNull();
  expect(keyedBy(shape({ ID: null }, ['ID']), ['id'], column('id'))).toBeNull();
});

test('a key of fewer, more or other columns is refused with both', () => {
  const parts = shape({ plant: '7.1', id: '7.2', n: '7.3' }, ['plant', 'id']);
  const columns = [column('plant', '7.1'), column('id', '7.2'), column('n', '7.3')];
  for (const keyed of [['plant'], ['plant', 'id', 'n'], ['plant', 'n']]) {
    const message = keyedBy(parts, keyed, ...columns);
    expect(message).toContain('LAKE_KEY_CHANGED');
    expect(message).toContain(
      `key is (plant, id), and events of "p.public.parts" are keyed by (${keyed.join(', ')})`,
    );
  }
});
