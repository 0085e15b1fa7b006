import { expect, test } from '@jest/globals';

import { wantsMessages } from './message-selection.ts';

test.each([
  [['*'], [], 'any', true],
  [['*'], [], '', true],
  [['audit'], [], 'audit', true],
  [['audit'], [], 'audit.login', false],
  [['audit.*'], [], 'audit.login', true],
  [['audit.*'], ['audit.login'], 'audit.login', false],
  [['audit.*'], ['audit.login'], 'audit.logout', true],
  [['*'], ['*'], 'any', false],
])('included %j, excluded %j: messages of %j become events: %j', (include, exclude, prefix, wanted) => {
  expect(wantsMessages({ include, exclude }, prefix)).toBe(wanted);
});
