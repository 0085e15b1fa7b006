import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { RULES } from './rules.ts';

const DOCUMENT = join(import.meta.dirname, '../../../../../docs/debezium-differences.md');

test('the document lists every difference that the comparison lets pass, and no other', () => {
  const documented = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `([a-z0-9-]+)` /gm)].map(
    ([, id]) => id,
  );
  expect(documented.toSorted()).toEqual([...new Set(RULES.map(({ id }) => id))].toSorted());
});
