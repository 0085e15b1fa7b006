import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { armFailpoint, failpoint, FAILPOINTS } from './failpoints.ts';

test('every registered failpoint stands in the code exactly once, and no other does', () => {
  const files = globSync('**/*.ts', { cwd: import.meta.dirname }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const used = files.flatMap((file) => {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8');
    return [...source.matchAll(/\bfailpoint\('([^']+)'\)/g)].map(([, name]) => name);
  });
  expect(used.sort()).toEqual(Object.keys(FAILPOINTS).sort());
});

test('without the test flag, with an unknown name or a bad count, nothing starts', () => {
  const flag = { HASIVU_TEST_FAILPOINTS: '1' };
  expect(() => armFailpoint({ HASIVU_FAILPOINT: 'slot-created' })).toThrow('refusing to start');
  expect(() => armFailpoint({ ...flag, HASIVU_FAILPOINT: 'slot' })).toThrow('names no place: slot');
  expect(() => armFailpoint({ ...flag, HASIVU_FAILPOINT: 'toString' })).toThrow('names no place');
  expect(() => armFailpoint({ ...flag, HASIVU_FAILPOINT: 'slot-created:0' })).toThrow('no count of hits');
  armFailpoint({ ...flag });
  failpoint('slot-created'); // unarmed: this process lives on
});
