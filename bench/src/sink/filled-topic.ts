import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { testDatabase, uniqueName } from '@hasivu/testing';

import { BenchClient } from '../cdc/bench-client.ts';
import { END_TABLE, writeLoad } from '../cdc/cell-load.ts';
import { loadSize, parseCell } from '../cdc/cell.ts';
import { HasivuSource } from '../cdc/hasivu-drain.ts';
import { reaches } from './service-rows.ts';

export interface FilledTopicOptions {
  readonly rows: number;
  readonly warmUp: number;
  readonly partitions: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** A topic with the changes of the 12-column table, written by cdc-source from transactions of 1,000 inserts. */
export interface FilledTopic {
  readonly prefix: string;
  readonly topic: string;
  readonly rows: number;
  readonly warmUpRows: number;
  /** For files of one measurement. */
  readonly directory: string;
}

/** Fills a topic, works with it, and deletes it. */
export async function withFilledTopic<T>(
  options: FilledTopicOptions,
  work: (filled: FilledTopic) => Promise<T>,
): Promise<T> {
  const { signal, report, partitions } = options;
  const cell = parseCell('orders-1000');
  const size = loadSize(cell, options.rows, options.warmUp);
  await using database = await testDatabase(uniqueName('sink'));
  await database.query(cell.table.create);
  await database.query(`create table ${END_TABLE} (id int primary key)`);
  await database.query(`create publication bench for table ${cell.table.name}, ${END_TABLE}`);
  const scene = {
    database,
    publication: 'bench',
    table: cell.table.name,
    partitions,
    profileDirectory: null,
  };
  await using source = new HasivuSource(scene, 'never');
  const service = await (await source.launch()).waitReady();
  const rows = size.rows + size.warmUpRows;
  report(`filling a topic with ${rows} rows`);
  {
    await using client = await BenchClient.connect(database.url, signal);
    await writeLoad(client, cell, size);
  }
  await reaches(service, 'hasivu_source_rows_total', rows, signal);
  await source.stop();
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  try {
    const topic = `${source.prefix}.public.${cell.table.name}`;
    return await work({ prefix: source.prefix, topic, rows, warmUpRows: size.warmUpRows, directory });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
