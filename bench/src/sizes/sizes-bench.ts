import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import {
  spawnService,
  stack,
  testDatabase,
  uniqueName,
  type SpawnedService,
  type TestDatabase,
} from '@hasivu/testing';
import { stringify } from 'yaml';

import { changeJson, type ChangeJson } from './change-json.ts';
import { DATASETS, type Dataset } from './datasets.ts';
import { lakeSizes, type LakeSizes } from './lake-sizes.ts';
import { postgresSizes, rowsOf, type PostgresSizes } from './postgres-sizes.ts';

const POLL_MS = 1_000;
const PATIENCE_MS = 1_200_000;

export interface TableSizes {
  readonly table: string;
  readonly postgres: PostgresSizes;
  readonly changes: ChangeJson;
  readonly bronze: LakeSizes;
  readonly silver: LakeSizes;
}

export interface DatasetSizes {
  readonly dataset: string;
  readonly what: string;
  readonly tables: readonly TableSizes[];
}

export interface SizesOptions {
  /** Names of {@link DATASETS}; all of them when empty. */
  readonly datasets: readonly string[];
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Bytes of the same rows in Postgres, as CSV, as change events in JSON, and in the tables of the lake. */
export async function benchSizes(options: SizesOptions): Promise<DatasetSizes[]> {
  const chosen = DATASETS.filter(
    ({ name }) => options.datasets.length === 0 || options.datasets.includes(name),
  );
  if (chosen.length === 0) throw new Error(`there is no dataset ${options.datasets.join()}`);
  const results: DatasetSizes[] = [];
  for (const dataset of chosen) results.push(await measure(dataset, options));
  return results;
}

async function measure(dataset: Dataset, { signal, report }: SizesOptions): Promise<DatasetSizes> {
  const prefix = uniqueName('sizes');
  await using database = await testDatabase('sizes');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-sizes-'));
  const { s3, kafka, registry } = stack();
  const store = createS3Store({ ...s3, prefix });
  try {
    report(`${dataset.name}: filling`);
    await dataset.fill(database);
    const path = configure(dataset, database, prefix, directory);
    await using source = await (await spawnService('cdc-source', path)).waitReady();
    await using sink = await (await spawnService('lake-sink', path)).waitReady();
    const wait = (what: string, holds: () => Promise<boolean>) =>
      until(what, holds, { services: [source, sink], signal });
    const isInSilver = () => allInSilver(store, database, dataset);
    await wait('silver to hold the copy', isInSilver);
    report(`${dataset.name}: changing`);
    await dataset.change?.(database);
    const [end] = await database.query<{ lsn: string }>('select pg_current_wal_lsn() as lsn');
    await wait('the source to confirm what was written', () => isConfirmed(database, prefix, end?.lsn ?? ''));
    const tables: TableSizes[] = [];
    for (const table of dataset.tables) {
      const facts = { brokers: kafka.brokers, registry: registry.url };
      const changes = await changeJson(facts, `${prefix}.public.${table}`);
      const roots = { bronze: `bronze/public/${table}`, silver: `silver/public/${table}` };
      const inBronze = async () => (await lakeSizes(store, roots.bronze))?.rows === changes.changes;
      await wait(`bronze to hold ${changes.changes} changes of ${table}`, inBronze);
      await wait(`silver to hold ${table}`, isInSilver);
      const postgres = await postgresSizes(database, table);
      const bronze = (await lakeSizes(store, roots.bronze)) as LakeSizes;
      const silver = (await lakeSizes(store, roots.silver)) as LakeSizes;
      tables.push({ table, postgres, changes, bronze, silver });
      report(`  ${table}: ${postgres.rows} rows, ${changes.changes} changes`);
    }
    await source.stop();
    await sink.stop();
    return { dataset: dataset.name, what: dataset.what, tables };
  } finally {
    for await (const { key } of store.list('')) await store.delete(key);
    store.close();
    rmSync(directory, { recursive: true });
  }
}

async function allInSilver(
  store: ObjectStore,
  database: TestDatabase,
  { tables }: Dataset,
): Promise<boolean> {
  for (const table of tables) {
    const silver = await lakeSizes(store, `silver/public/${table}`);
    if (silver?.rows !== (await rowsOf(database, table))) return false;
  }
  return true;
}

async function isConfirmed(database: TestDatabase, slot: string, lsn: string): Promise<boolean> {
  const [row] = await database.query<{ done: boolean }>(
    'select confirmed_flush_lsn >= $2::pg_lsn as done from pg_replication_slots where slot_name = $1',
    [slot, lsn],
  );
  // A slot is only moved on by what is written: something is.
  if (row?.done !== true) await database.query("select pg_logical_emit_message(true, 'sizes', '')");
  return row?.done === true;
}

async function until(
  what: string,
  holds: () => Promise<boolean>,
  { services, signal }: { readonly services: readonly SpawnedService[]; readonly signal: AbortSignal },
): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    signal.throwIfAborted();
    for (const { running, name, output } of services)
      if (!running) throw new Error(`${name} has ended:\n${output.slice(-20).join('\n')}`);
    if (performance.now() - startedMs > PATIENCE_MS) throw new Error(`waited in vain for ${what}`);
    await sleep(POLL_MS);
  }
}

function configure({ settings }: Dataset, { url }: TestDatabase, prefix: string, directory: string): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  const path = join(directory, 'hasivu.yaml');
  const config = {
    version: 1,
    source: { postgres: { url, tables: ['public.*'], publication: prefix, slot: prefix } },
    kafka: { brokers: kafka.brokers, registry: registry.url, prefix },
    lake: { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey },
    tables: settings ?? {},
  };
  writeFileSync(path, stringify(config));
  return path;
}
