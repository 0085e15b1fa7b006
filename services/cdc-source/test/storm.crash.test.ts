import { test } from '@jest/globals';

import { weatherStorm } from './storm/storm.ts';

const SEED = Number(process.env['STORM_SEED'] ?? 20261124);

test(`6 kills of source, broker and Postgres under load (seed ${SEED}): Kafka has every change once`, async () => {
  await weatherStorm({ kills: 6, seed: SEED });
}, 1_800_000);
