import type { RelationMessage } from '@hasivu/pgoutput';
import type { CatalogTable } from '@hasivu/postgres';
import { describe, expect, test } from '@jest/globals';

import { ColumnOrigins } from './column-origins.ts';

const XID = 100;
const relation = (...names: string[]): RelationMessage =>
  ({
    oid: 7,
    columns: names.map((name) => ({ name, typeOid: 23, typmod: -1, inIdentity: false })),
  }) as unknown as RelationMessage;
const numbered = (columns: Readonly<Record<string, number>>, typeOid = 23) =>
  Object.entries(columns).map(([name, number]) => ({ name, number, typeOid }));
const catalog = (
  columns: Readonly<Record<string, number>>,
  changes: readonly number[] = [90],
  typeOid = 23,
): CatalogTable =>
  ({ oid: 7, columns: numbered(columns, typeOid), columnChanges: changes }) as unknown as CatalogTable;
const told = (origins: ReadonlyMap<string, string>): string =>
  [...origins].map(([name, origin]) => `${name}=${origin}`).join(' ');

describe('what a relation’s columns are', () => {
  test.each<[string, CatalogTable | null, string]>([
    ['the catalog says where nothing has changed since', catalog({ id: 1, b: 3 }), 'id=7.1 b=7.3'],
    ['also when the transaction itself changed it', catalog({ id: 1, b: 3 }, [XID]), 'id=7.1 b=7.3'],
    ['and with columns that are not published', catalog({ id: 1, secret: 2, b: 3 }), 'id=7.1 b=7.3'],
    ['but not when something has', catalog({ id: 1, b: 3 }, [90, XID + 1]), ''],
    ['nor where numbers went round', catalog({ id: 1, b: 3 }, [XID + 2 ** 31 - 1]), ''],
    ['frozen numbers are old', catalog({ id: 1, b: 3 }, [2]), 'id=7.1 b=7.3'],
    ['nor when it has other names', catalog({ id: 1, c: 3 }), ''],
    ['nor another order', catalog({ b: 1, id: 3 }), ''],
    ['nor other types', catalog({ id: 1, b: 3 }, [90], 25), ''],
    ['nor when the table is gone', null, ''],
  ])('%s', (_, current, expected) => {
    expect(told(new ColumnOrigins().of(relation('id', 'b'), current, XID))).toBe(expected);
  });

  test('the triggers say at their place of the log, whatever the catalog has come to', () => {
    const origins = new ColumnOrigins();
    const later = catalog({ id: 1, b: 4 }, [XID + 5]);
    origins.tell(7, numbered({ id: 1, b: 2 }));
    expect(told(origins.of(relation('id', 'b'), later, XID))).toBe('id=7.1 b=7.2');
    origins.tell(7, numbered({ id: 1, c: 2 }));
    expect(told(origins.of(relation('id', 'b'), later, XID))).toBe('');
    expect(told(origins.of(relation('id', 'c'), later, XID))).toBe('id=7.1 c=7.2');
  });

  test('the catalog of before says of what came before the changes of today', () => {
    const origins = new ColumnOrigins();
    origins.see(catalog({ id: 1, b: 3 }, [90]));
    const of = (changes: readonly number[]) =>
      told(origins.of(relation('id', 'b'), catalog({ b: 1, id: 3 }, changes), XID));
    expect([of([XID]), of([90, XID, XID + 3])]).toEqual(['id=7.1 b=7.3', 'id=7.1 b=7.3']);
    // Something changed after it was seen and before the message.
    expect(of([95, XID])).toBe('');
    origins.see(catalog({ id: 1, b: 4 }, [XID + 1]));
    expect(of([XID + 1, XID + 3])).toBe('');
  });
});
