import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnService, stack, testDatabase, topicPrefix, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { BenchClient } from '../cdc/bench-client.ts';
import { ORDERS_TABLE } from '../orders-table.ts';
import { reaches } from './service-rows.ts';

export interface FilledTablesOptions {
  /** Of Kafka, for each table. */
  readonly partitionsPerTable: number;
  /** Rows of all tables together, about. */
  readonly rows: number;
  /** Of how many hundred rows each table gets in a turn; as many tables as there are numbers. */
  readonly weights: readonly number[];
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Topics of tables whose changes lie mixed in the log. */
export interface FilledTables {
  readonly rows: number;
  /** Writes a configuration of a lake of its own. @param lake settings beside its place @returns the file's path */
  readonly config: (place: string, silver: boolean, lake?: Record<string, unknown>) => string;
}

const ROWS_PER_INSERT = 100;
const tableName = (n: number): string => `orders_${n}`;

/** Fills the topics from Postgres, and hands them to `use`. */
export async function withFilledTables<T>(
  options: FilledTablesOptions,
  use: (filled: FilledTables) => Promise<T>,
): Promise<T> {
  const { signal, report, weights } = options;
  await using database = await testDatabase(uniqueName('tables'));
  await using topics = topicPrefix('tables');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  const config: FilledTables['config'] = (place, silver, lake = {}) => {
    const file = join(directory, `${place}.yaml`);
    const content = configOf(options, { url: database.url, prefix: topics.prefix, place, silver, lake });
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  try {
    await using client = await BenchClient.connect(database.url, signal);
    for (const n of weights.keys())
      await client.query(ORDERS_TABLE.replace('create table orders', `create table ${tableName(n)}`));
    await using source = await spawnService('cdc-source', config('source', false));
    await source.waitReady(300_000);
    const rowsPerTurn = weights.reduce((sum, weight) => sum + weight, 0) * ROWS_PER_INSERT;
    const turns = Math.max(1, Math.round(options.rows / rowsPerTurn));
    const rows = turns * rowsPerTurn;
    report(`filling ${weights.length} topics with ${rows} rows`);
    await client.query(load(weights));
    await client.query('set synchronous_commit = off');
    await client.query(`call bench_tables(${turns})`);
    await reaches(source, 'hasivu_source_rows_total', rows, signal);
    await source.stop();
    return await use({ rows, config });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function load(weights: readonly number[]): string {
  return `create or replace procedure bench_tables(turns bigint) language plpgsql as $$
    declare weights integer[] := array[${weights.join(', ')}];
    begin
      for turn in 0..turns - 1 loop
        for n in 0..${weights.length - 1} loop
          execute format('insert into %I select $1 * $2 + g, g %% 500, g %% 1000, (g * 7919) %% 100000, ''item-'' || (g %% 200), 1 + g %% 5,
            (g %% 1000) / 10.0 + 1, (array[''placed'',''paid'',''cooking'',''served''])[1 + g %% 4], ''note '' || md5(($1 + g)::text), now(), now(),
            jsonb_build_object(''kitchen'', g %% 40) from generate_series(1, $2) g', 'orders_' || n) using turn, weights[n + 1] * ${ROWS_PER_INSERT};
        end loop;
        commit;
      end loop;
    end $$`;
}

interface Place {
  readonly url: string;
  readonly prefix: string;
  readonly place: string;
  readonly silver: boolean;
  readonly lake: Record<string, unknown>;
}

function configOf(
  { partitionsPerTable, weights }: FilledTablesOptions,
  { url, prefix, place, silver, lake }: Place,
): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  return stringify({
    version: 1,
    source: { postgres: { url, tables: ['public.*'], publication: prefix, slot: prefix } },
    kafka: {
      brokers: kafka.brokers,
      registry: registry.url,
      prefix,
      topics: { partitions: partitionsPerTable },
    },
    lake: { endpoint, bucket, prefix: `${prefix}-${place}`, region, accessKeyId, secretAccessKey, ...lake },
    ...(silver ? {} : { tables: bronzeOnly(weights.length) }),
  });
}

function bronzeOnly(tables: number): Record<string, { silver: boolean }> {
  return Object.fromEntries(
    Array.from({ length: tables }, (_, n) => [`public.${tableName(n)}`, { silver: false }]),
  );
}
