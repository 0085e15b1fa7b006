import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnService, stack, testDatabase, topicPrefix, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { BenchClient } from '../cdc/bench-client.ts';
import { ORDERS_TABLE } from '../orders-table.ts';
import { processUse } from '../process-cpu.ts';
import { reaches } from './service-rows.ts';

export interface ManyTablesOptions {
  readonly tables: number;
  /** Of Kafka, for each table. */
  readonly partitionsPerTable: number;
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface ManyTablesFigures {
  readonly tables: number;
  readonly partitions: number;
  readonly rows: number;
  readonly silver: boolean;
  /** Start-up included. */
  readonly cpuPerMillionRows: number;
  readonly rowsPerSecond: number;
  readonly peakRssMiB: number;
}

const ROWS_PER_INSERT = 100;
/** Metrics of hundreds of tables are not free, and they are read every 15 seconds or so in earnest. */
const POLL_MS = 1_000;
const NAME = (n: number): string => `orders_${n}`;

/** One sink over many tables whose changes lie mixed in the log: what it costs, and that its memory stays bounded. */
export async function measureManyTables(options: ManyTablesOptions): Promise<ManyTablesFigures[]> {
  const { signal, report } = options;
  await using database = await testDatabase(uniqueName('tables'));
  await using topics = topicPrefix('tables');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  const path = (name: string, silver: boolean): string => {
    const file = join(directory, `${name}.yaml`);
    writeFileSync(file, configOf(options, database.url, topics.prefix, name, silver), { mode: 0o600 });
    return file;
  };
  try {
    await using client = await BenchClient.connect(database.url, signal);
    for (let n = 0; n < options.tables; n++)
      await client.query(ORDERS_TABLE.replace('create table orders', `create table ${NAME(n)}`));
    await using source = await spawnService('cdc-source', path('source', false));
    await source.waitReady(300_000);
    const turns = Math.max(1, Math.round(options.rows / options.tables / ROWS_PER_INSERT));
    const rows = turns * options.tables * ROWS_PER_INSERT;
    report(`filling ${options.tables} topics with ${rows} rows`);
    await client.query(load(options.tables));
    await client.query('set synchronous_commit = off');
    await client.query(`call bench_tables(${turns})`);
    await reaches(source, 'hasivu_source_rows_total', rows, signal);
    await source.stop();
    const figures: ManyTablesFigures[] = [];
    for (const silver of [false, true]) {
      const began = performance.now();
      await using sink = await spawnService('lake-sink', path(silver ? 'silver' : 'bronze', silver));
      await sink.waitReady(300_000);
      await reaches(sink, 'hasivu_sink_rows_total', rows, signal, POLL_MS);
      const { cpuSeconds, peakRssMiB } = processUse(sink.pid);
      const one = {
        tables: options.tables,
        partitions: options.tables * options.partitionsPerTable,
        rows,
        silver,
        cpuPerMillionRows: Number(((cpuSeconds / rows) * 1e6).toFixed(2)),
        rowsPerSecond: Math.round((rows / (performance.now() - began)) * 1000),
        peakRssMiB: Math.round(peakRssMiB),
      };
      report(
        `  ${silver ? 'bronze and silver' : 'bronze'}: ${one.cpuPerMillionRows} CPU-s per million rows, ${one.rowsPerSecond} rows/s, ${one.peakRssMiB} MiB`,
      );
      figures.push(one);
    }
    return figures;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function load(tables: number): string {
  return `create or replace procedure bench_tables(turns bigint) language plpgsql as $$
    begin
      for turn in 0..turns - 1 loop
        for n in 0..${tables - 1} loop
          execute format('insert into %I select $1 * ${ROWS_PER_INSERT} + g, g %% 500, g %% 1000, (g * 7919) %% 100000, ''item-'' || (g %% 200), 1 + g %% 5,
            (g %% 1000) / 10.0 + 1, (array[''placed'',''paid'',''cooking'',''served''])[1 + g %% 4], ''note '' || md5(($1 + g)::text), now(), now(),
            jsonb_build_object(''kitchen'', g %% 40) from generate_series(1, ${ROWS_PER_INSERT}) g', 'orders_' || n) using turn;
        end loop;
        commit;
      end loop;
    end $$`;
}

function configOf(
  { partitionsPerTable, tables: count }: ManyTablesOptions,
  url: string,
  prefix: string,
  place: string,
  silver: boolean,
): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  const tables = ['public.*'];
  return stringify({
    version: 1,
    source: { postgres: { url, tables, publication: prefix, slot: prefix } },
    kafka: {
      brokers: kafka.brokers,
      registry: registry.url,
      prefix,
      topics: { partitions: partitionsPerTable },
    },
    lake: { endpoint, bucket, prefix: `${prefix}-${place}`, region, accessKeyId, secretAccessKey },
    ...(silver ? {} : { tables: bronzeOnly(count) }),
  });
}

function bronzeOnly(tables: number): Record<string, { silver: boolean }> {
  return Object.fromEntries(
    Array.from({ length: tables }, (_, n) => [`public.${NAME(n)}`, { silver: false }]),
  );
}
