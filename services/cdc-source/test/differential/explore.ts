import { inspect } from 'node:util';
import { SeededRandom } from '../storm/seeded-random.ts';
import { AvroRecords } from './avro-records.ts';
import { BothConnectors } from './both-connectors.ts';
import { RandomLoad } from './random-load.ts';
import { SUBJECTS } from './subject-tables.ts';
import { createPool } from './value-pool.ts';
import { writeFileSync } from 'node:fs';
import v8 from 'node:v8';

const seed = Number(process.env['HASIVU_SEED'] ?? 1);
const N = Number(process.env['N'] ?? 2000);
const t0 = performance.now();
const say = (s: string) => process.stderr.write(`${Math.round(performance.now() - t0)} ${s}\n`);
const random = new SeededRandom(seed);
const both = await BothConnectors.start(async (source) => {
  await source.sql('CREATE SCHEMA pools');
  for (const [i, subject] of SUBJECTS.entries()) await createPool(source.database, subject, 200, seed + i * 1000);
  say('pools');
  await using load = await RandomLoad.open({ url: source.database.url, random, poolRows: 200, quiet: async () => {} });
  await load.fill(10);
});
say('started');
try {
  await using load = await RandomLoad.open({ url: both.source.database.url, random, poolRows: 200, quiet: () => both.settled() });
  await load.run(N, Math.ceil(N / 8));
  say(`load ${load.changes}`);
  await both.settled();
  say('settled');
  const avro = new AvroRecords(both.source.topics.registry);
  const out: any = {};
  const topics = SUBJECTS.map((s) => [s.id, both.ourTopic(s.id), both.debeziumTopic(s.id)]);
  topics.push(['message', both.prefixes.ours + '.message', both.prefixes.debezium + '.message']);
  topics.push(['transaction', both.prefixes.ours + '.transactions', both.prefixes.debezium + '.transaction']);
  for (const [id, a, b] of topics as [string, string, string][]) {
    const both2: any = {};
    for (const [side, topic] of [['ours', a], ['dbz', b]] as const) {
      const recs = await both.records(topic);
      say(`${topic} ${recs.length}`);
      both2[side] = await Promise.all(recs.map(async (r) => ({ ...r, key: r.key && (await avro.decode(r.key)), value: r.value && (await avro.decode(r.value)) })));
    }
    out[id] = both2;
  }
  writeFileSync('/tmp/dx/dump.bin', v8.serialize(out));
  writeFileSync('/tmp/dx/dbz.log', both.debeziumLog);
} catch (e) {
  console.error(e);
  console.error(both.debeziumLog);
} finally {
  await both[Symbol.asyncDispose]();
}
say('done');
