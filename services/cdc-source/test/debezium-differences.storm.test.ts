import { randomInt } from 'node:crypto';

import { expect, test } from '@jest/globals';

import { findDifferences } from './differential/differential.ts';

const SEED = Number(process.env['HASIVU_SEED'] ?? randomInt(2 ** 31));
const CHANGES = Number(process.env['DIFFERENTIAL_CHANGES'] ?? 100_000);

test(`${CHANGES} changes (seed ${SEED}): this source and Debezium differ where it is documented, and everything documented differs`, async () => {
  const findings = await findDifferences({
    seed: SEED,
    changes: CHANGES,
    copiedRows: 100,
    poolRows: 2_000,
    shapeEvery: 2_000,
  });
  expect(findings.unexplained).toEqual([]);
  expect(findings.unused).toEqual([]);
  expect(findings.events).toBeGreaterThan(CHANGES);
}, 3_600_000);
