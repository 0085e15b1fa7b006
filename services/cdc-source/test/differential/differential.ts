import { SeededRandom } from '@hasivu/testing';
import { AvroRecords, type Schema } from './avro-records.ts';
import { BothConnectors } from './both-connectors.ts';
import { changesOf, pairChanges, type Pair } from './change-pairs.ts';
import { compareSchemas } from './compare-schemas.ts';
import { compareTransactions } from './compare-transactions.ts';
import { compareChange } from './compare-values.ts';
import { Findings } from './findings.ts';
import { RandomLoad } from './random-load.ts';
import { SUBJECTS } from './subject-tables.ts';
import { createPool } from './value-pool.ts';

export interface DifferentialOptions {
  readonly seed: number;
  readonly changes: number;
  /** Rows that every table has before the connectors start. */
  readonly copiedRows: number;
  /** Random values of every column to draw from. */
  readonly poolRows: number;
  /** Changes between two changes of a table's shape. */
  readonly shapeEvery: number;
}

/** Runs this source and Debezium over the same random changes, and compares everything that both wrote. */
export async function findDifferences(options: DifferentialOptions): Promise<Findings> {
  const random = new SeededRandom(options.seed);
  const { poolRows } = options;
  const startedMs = performance.now();
  const say = (line: string): void => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    process.stderr.write(`differential ${options.seed}, ${seconds} s: ${line}\n`);
  };
  await using both = await BothConnectors.start(async (source) => {
    await source.sql('CREATE SCHEMA pools');
    for (const [i, subject] of SUBJECTS.entries())
      await createPool(source.database, subject, poolRows, options.seed + i * 1000);
    const quiet = (): Promise<void> => Promise.resolve();
    await using load = await RandomLoad.open({ url: source.database.url, random, poolRows, quiet });
    await load.fill(options.copiedRows);
  });
  say('both connectors run');
  {
    const quiet = (): Promise<void> => both.settled();
    await using load = await RandomLoad.open({ url: both.source.database.url, random, poolRows, quiet });
    await load.run(options.changes, options.shapeEvery);
    // Topics are written side by side: the second marker comes behind what the first one may have overtaken.
    await both.settled();
    await both.settled();
    say(`${load.changes} changes written`);
  }
  const findings = await compareAll(both);
  say(`${findings.events} events compared`);
  for (const [id, count] of [...findings.explained].sort(([a], [b]) => (a < b ? -1 : 1)))
    say(`${id} ${count}`);
  return findings;
}

async function compareAll(both: BothConnectors): Promise<Findings> {
  const findings = new Findings();
  const avro = new AvroRecords(both.source.topics.registry);
  const { prefixes } = both;
  const topics = SUBJECTS.map(({ id }) => ({
    table: id,
    ours: both.ourTopic(id),
    debezium: both.debeziumTopic(id),
  }));
  topics.push({
    table: 'message',
    ours: `${prefixes.ours}.message`,
    debezium: `${prefixes.debezium}.message`,
  });
  for (const { table, ours, debezium } of topics) {
    const theirs = await changesOf(await both.records(debezium), avro);
    const mine = await changesOf(await both.records(ours), avro);
    const pairs = pairChanges(table, theirs, mine);
    for (const pair of pairs) compareChange(table, pair, findings.report);
    for (const schemas of schemaPairs(pairs, prefixes))
      compareSchemas({ table, ...schemas }, findings.report);
    findings.events += pairs.length;
  }
  const boundaries = [`${prefixes.debezium}.transaction`, `${prefixes.ours}.transactions`] as const;
  const [theirs, mine] = [await both.records(boundaries[0]), await both.records(boundaries[1])];
  findings.events += await compareTransactions(theirs, mine, avro, findings.report);
  return findings;
}

/** Every two schemas that describe the same event or key, once. */
function schemaPairs(
  pairs: readonly Pair[],
  prefixes: BothConnectors['prefixes'],
): { path: string; debezium: Schema; ours: Schema }[] {
  const found = new Map<string, { path: string; debezium: Schema; ours: Schema }>();
  for (const { debezium, ours } of pairs) {
    const both = [
      { path: 'key', a: debezium.key, b: ours.key },
      { path: '', a: debezium.value, b: ours.value },
    ];
    for (const { path, a, b } of both) {
      if (a === null || b === null) continue;
      const id = `${path} ${a.schemaId} ${b.schemaId}`;
      const [left, right] = [without(a.schema, prefixes.debezium), without(b.schema, prefixes.ours)];
      if (!found.has(id)) found.set(id, { path, debezium: left, ours: right });
    }
  }
  return [...found.values()];
}

// The prefix of the topics is in the names of all records.
function without(schema: Schema, prefix: string): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll(prefix, 'prefix')) as Schema;
}
