import { expect, test } from '@jest/globals';

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
  const names = made.flatMap(({ functionName, tokenTable, triggers }) => [
    functionName,
    tokenTable,
    ...triggers,
  ]);
  expect(new Set(names).size).toBe(8);
  expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(63);
});

test('names with quotes, backslashes and the signs of LIKE stay text', () => {
  const { install } = ddlTriggers({ ...options, tables: ["a_b.o'r%\\*"], statements: false });
  const sql = install.join(';');
  // A literal within the literal of the function's body: every quote and backslash twice more.
  expect(sql).toContain("E''a\\\\\\\\_b.o''''r\\\\\\\\%\\\\\\\\\\\\\\\\%''");
  expect(sql).not.toContain('current_query');
});

test('only a role that is named may read the token, and that is no part of the version', () => {
  const { install, version } = ddlTriggers({ ...options, reader: 'o"r' });
  expect(version).toBe(ddlTriggers(options).version);
  expect(install).toContain('GRANT SELECT ON hasivu."token_orders" TO "o""r"');
  expect(ddlTriggers(options).install.join(';')).not.toContain('GRANT');
});
