import { describe, expect, test } from '@jest/globals';
import { field, type DeltaField, type DeltaType } from '@hasivu/delta';
import { originOf, withOrigin } from './column-origin.ts';
import { planColumns, type ColumnRules } from './column-plan.ts';
import { planShape } from './shape-plan.ts';
import type { TableShape } from './table-shape.ts';

const KEEP: ColumnRules = { byOrigin: true, onDrop: 'keep' };
const DROP: ColumnRules = { byOrigin: true, onDrop: 'drop' };

/** `a=7.2` is the column a, which is the second of the relation 7; `a` is one that nobody has identified. */
function columns(text: string, type: DeltaType = 'long'): DeltaField[] {
  return text.split(' ').map((one) => {
    const [name = '', origin = null] = one.split('=');
    return withOrigin(field(name, type), origin);
  });
}

function told(fields: readonly DeltaField[]): string {
  return fields.map((own) => `${own.name}${originOf(own) === null ? '' : `=${originOf(own)}`}`).join(' ');
}

const plan = (existing: string, wanted: string, rules = KEEP) => {
  const { fields, renamed, dropped } = planColumns(columns(existing), columns(wanted), rules);
  return [told(fields), [...renamed].map((pair) => pair.join('→')).join(' '), dropped.join(' ')];
};

describe('columns follow the source', () => {
  test.each<[string, string, string, string, string]>([
    ['a rename', 'id=7.1 a=7.2', 'id=7.1 b=7.2', 'id=7.1 b=7.2', 'a→b'],
    ['a swap', 'a=7.1 b=7.2', 'b=7.1 a=7.2', 'b=7.1 a=7.2', 'a→b b→a'],
    [
      'a rename into the name of what was dropped',
      'a=7.1 b=7.2',
      'b=7.1',
      'b=7.1 b_was_2=7.2',
      'a→b b→b_was_2',
    ],
    ['a drop', 'id=7.1 a=7.2', 'id=7.1', 'id=7.1 a=7.2', ''],
    ['a name that comes back', 'id=7.1 a=7.2', 'id=7.1 a=7.3', 'id=7.1 a_was_2=7.2 a=7.3', 'a→a_was_2'],
    [
      'a name that comes back twice',
      'a_was_2=7.2 a=7.3',
      'a=7.4',
      'a_was_2=7.2 a_was_3=7.3 a=7.4',
      'a→a_was_3',
    ],
    ['a rename and a new column', 'id=7.1 a=7.2', 'id=7.1 b=7.2 a=7.3', 'id=7.1 b=7.2 a=7.3', 'a→b'],
    ['letters of another case, which the lake ignores', 'Id=7.1', 'id=7.1', 'Id=7.1', ''],
  ])('%s', (_, existing, wanted, fields, renamed) => {
    expect(plan(existing, wanted)).toEqual([fields, renamed, '']);
  });

  test('dropped ones go where they are to', () => {
    expect(plan('id=7.1 a=7.2', 'id=7.1', DROP)).toEqual(['id=7.1', '', 'a']);
    expect(plan('id=7.1 a=7.2', 'id=7.1 a=7.3', DROP)).toEqual(['id=7.1 a=7.3', '', 'a']);
  });

  test('and what nobody has identified is known by its name', () => {
    expect(plan('id a', 'id=7.1 a=7.2')).toEqual(['id=7.1 a=7.2', '', '']);
    expect(plan('id=7.1 a=7.2', 'id b')).toEqual(['id=7.1 a=7.2 b', '', '']);
    expect(plan('id=7.1 a=7.2', 'id b', DROP)).toEqual(['id=7.1 a=7.2 b', '', '']);
    // What was written while it was not known stays with the name.
    expect(plan('id=7.1 a=7.2 b', 'id=7.1 b=7.2')).toEqual(['id=7.1 a b=7.2', '', '']);
  });

  test('of a table that was made anew are known by their names', () => {
    expect(plan('id=7.1 a=7.2 gone=7.3', 'a=9.1 id=9.2', DROP)).toEqual(['id=9.2 a=9.1 gone=7.3', '', '']);
  });

  test('by name alone where names may not change', () => {
    const rules = { byOrigin: false, onDrop: 'keep' } as const;
    expect(plan('id=7.1 a=7.2', 'id b', rules)).toEqual(['id=7.1 a=7.2 b', '', '']);
  });
});

describe('changes of before', () => {
  const at = (lsn: number) => ({ lsn: BigInt(lsn), seq: 0 });
  const shape: TableShape = {
    rowFields: columns('id=7.1 b=7.2'),
    partitions: [],
    key: ['id'],
    columnsAt: at(20),
  };

  test('rename nothing back, also when they come again after a restart', () => {
    expect(planShape(shape, columns('id=7.1 a=7.2'), at(10), KEEP)).toBeNull();
    expect(
      planShape(shape, columns('id=7.1 a=7.2'), at(30), KEEP)?.rowFields.map(({ name }) => name),
    ).toEqual(['id', 'a']);
  });

  test('bring columns that are gone, beside a present one of the name', () => {
    const older = planShape(shape, columns('id=7.1 a=7.2 b=7.3'), at(10), KEEP);
    expect(told(older?.rowFields ?? [])).toBe('id=7.1 b=7.2 b_was_3=7.3');
    expect(older?.columnsAt).toEqual(at(20));
    const dropping = planShape(shape, columns('id=7.1 b=7.3'), at(10), DROP);
    expect(told(dropping?.stateFields ?? [])).toBe('id=7.1 b=7.2');
    expect(told(dropping?.rowFields ?? [])).toBe('id=7.1 b=7.2 b_was_3=7.3');
  });

  test('and a key that is renamed is the key', () => {
    expect(planShape(shape, columns('uid=7.1 b=7.2'), at(30), KEEP)?.key).toEqual(['uid']);
  });

  test('the state lacks what the source dropped, and gets back what is sent again', () => {
    const without = planShape(shape, columns('id=7.1'), at(30), DROP) as TableShape;
    expect([told(without.rowFields), told(without.stateFields ?? [])]).toEqual(['id=7.1 b=7.2', 'id=7.1']);
    const again = planShape(without, columns('id=7.1 b=7.2'), at(40), DROP);
    expect(told(again?.stateFields ?? [])).toBe('id=7.1 b=7.2');
  });

  test('a rename that widens does both', () => {
    const wider = [...columns('id=7.1'), ...columns('c=7.2', 'decimal(20,0)')];
    expect(
      planShape(shape, wider, at(30), KEEP)?.rowFields.map(({ name, type }) => `${name} ${type as string}`),
    ).toEqual(['id long', 'c decimal(20,0)']);
  });
});
