import { test } from '@jest/globals';

import { weatherStorm } from './storm/storm.ts';

const SEED = Number(process.env['STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const KILLS = Number(process.env['STORM_KILLS'] ?? 200);

test(`${KILLS} kills of source, broker and Postgres under load (seed ${SEED}): Kafka has every change once`, async () => {
  await weatherStorm({ kills: KILLS, seed: SEED });
}, 7_200_000);
