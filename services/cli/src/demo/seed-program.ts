// Fills any empty database as the demo does, or applies batches of its load: node seed-program.ts seed|load URL [BATCHES].
// For measurements, which meet the demo's data at a process and a database.
import { openDatabase } from './demo-database.ts';
import { LoadPlan } from './load/load-plan.ts';
import { applyBatch } from './load/run-load.ts';
import { DEMO_SIZE } from './seed/demo-size.ts';
import { seedDatabase } from './seed/seed-database.ts';

const SEED = 7;
const LOAD_STARTS_MS = Date.UTC(2026, 7, 1);

const [what, url = '', batches = '0'] = process.argv.slice(2);
await using database = await openDatabase(url);
if (what === 'seed') await seedDatabase(database.client, DEMO_SIZE, SEED, () => undefined);
else {
  const plan = new LoadPlan({ seed: SEED, size: DEMO_SIZE, startMs: LOAD_STARTS_MS });
  for (let batch = 0; batch < Number(batches); batch += 1)
    await applyBatch(database.client, plan.nextBatch());
}
