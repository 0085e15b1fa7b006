import type { ColumnSchema } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { UntoldColumns } from './untold-columns.ts';

const column = (name: string, more: Partial<ColumnSchema> = {}): ColumnSchema => ({
  name,
  type: { kind: 'int32' },
  pgType: 'integer',
  ...more,
});
const ID = column('id', { origin: '7.1' });
const NEW = column('n', { origin: '7.2' });
const DEFAULTED = new Set(['id', 'n', 'm']);

function among(before: readonly ColumnSchema[] | null, ...shapes: readonly (readonly ColumnSchema[])[]) {
  const untold = new UntoldColumns();
  untold.begin('t', before);
  return shapes.map((columns) => untold.among('t', columns, ({ name }) => DEFAULTED.has(name)).join());
}

test('a new column with a default and no initial value is told of once, though older shapes come again', () => {
  expect(among([ID], [ID, NEW], [ID], [ID, NEW])).toEqual(['n', '', '']);
});

test.each<[string, readonly ColumnSchema[] | null, readonly ColumnSchema[]]>([
  ['a topic without events', null, [ID, NEW]],
  ['one with an initial value', [ID], [ID, { ...NEW, initial: '5' }]],
  ['one without a default', [ID], [ID, column('plain', { origin: '7.3' })]],
  ['one that was renamed', [ID, NEW], [ID, { ...NEW, name: 'm' }]],
  ['one of which it is not known any more what it is', [ID, NEW], [ID, column('n')]],
])('nothing is told of %s', (_, before, after) => {
  expect(among(before, after)).toEqual(['']);
});
