import { expect, test } from '@jest/globals';

import { parseDdlMessage } from './ddl-message.ts';
import { ddlTriggers, type DdlTriggerOptions } from './ddl-trigger-sql.ts';

const options: DdlTriggerOptions = {
  slot: 'orders',
  publication: 'cdc',
  tables: ['shop.*'],
  exclude: [],
  statements: true,
};

test('the version changes with everything that the function says, and with nothing else', () => {
  const { version } = ddlTriggers(options);
  expect(ddlTriggers({ ...options }).version).toBe(version);
  const others: Partial<DdlTriggerOptions>[] = [
    { tables: ['shop.orders'] },
    { exclude: ['shop.x'] },
    { publication: 'other' },
    { statements: false },
  ];
  const versions = others.map((other) => ddlTriggers({ ...options, ...other }).version);
  expect(new Set([version, ...versions]).size).toBe(5);
});

test('names stay within the limit of the server, each slot its own', () => {
  const long = 'x'.repeat(63);
  const made = [
    ddlTriggers({ ...options, slot: long }),
    ddlTriggers({ ...options, slot: `${long.slice(1)}y` }),
  ];
  const names = made.flatMap(({ functionName, triggers }) => [functionName, ...triggers]);
  expect(new Set(names).size).toBe(6);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(63);
});

test('names with quotes, backslashes and the signs of LIKE stay text', () => {
  const { install } = ddlTriggers({ ...options, tables: ["a_b.o'r%\\*"], statements: false });
  const sql = install.join(';');
  // A literal within the literal of the function's body: every quote and backslash twice more.
  expect(sql).toContain("E''a\\\\\\\\_b.o''''r\\\\\\\\%\\\\\\\\\\\\\\\\%''");
  expect(sql).not.toContain('current_query');
});

test('what is not a message of ours is null', () => {
  const parse = (value: unknown): unknown => parseDdlMessage(Buffer.from(JSON.stringify(value)));
  const drop = { v: 1, slot: 's', kind: 'drop', command: 'DROP TABLE', oid: 1, schema: 'a', table: 'b' };
  expect(parse(drop)).toEqual(drop);
  expect(parseDdlMessage(Buffer.from('{'))).toBeNull();
  for (const wrong of [null, 7, { ...drop, v: 2 }, { ...drop, oid: 'x' }, { ...drop, kind: 'table' }])
    expect(parse(wrong)).toBeNull();
});
