import { expect, test } from '@jest/globals';

import { findDifferences } from './differential/differential.ts';

/** A change must not fail over a load that chance brought up. */
const SEED = Number(process.env['HASIVU_SEED'] ?? 20_261_125);

test(`this source and Debezium write the same events of the same changes (seed ${SEED}), but for documented differences`, async () => {
  const findings = await findDifferences({
    seed: SEED,
    changes: 3_000,
    copiedRows: 10,
    poolRows: 200,
    shapeEvery: 750,
  });
  expect(findings.unexplained).toEqual([]);
  expect(findings.events).toBeGreaterThan(3_000);
}, 600_000);
