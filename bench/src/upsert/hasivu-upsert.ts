import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DeltaTable } from '@hasivu/delta';
import { createFolderStore, createS3Store, type ObjectStore } from '@hasivu/object-store';
import { spawnService, stack, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { processUse } from '../process-cpu.ts';
import { reaches, totalOf } from '../sink/service-rows.ts';
import type { UpsertSample } from './upsert-sample.ts';

export interface HasivuUpsertOptions {
  /** Folder of the table that is changed: a copy of it in the object store. */
  readonly tableFolder: string;
  readonly topicPrefix: string;
  readonly warmUp: number;
  readonly changes: number;
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
}

const ROWS = 'hasivu_sink_rows_total';

/** lake-sink as a process of its own: Kafka → the state table in the object store, which is there already. */
export async function hasivuUpsert(options: HasivuUpsertOptions): Promise<UpsertSample> {
  const { profileDirectory, signal, warmUp, changes } = options;
  const prefix = uniqueName('benchupsert');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  const store = createS3Store(stack().s3);
  try {
    const root = `${prefix}/silver/public/orders`;
    await copyTable(options.tableFolder, store, root);
    const path = join(directory, 'hasivu.yaml');
    writeFileSync(path, configOf(options.topicPrefix, prefix), { mode: 0o600 });
    const nodeArgs = profileDirectory === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
    await using service = await spawnService('lake-sink', path, { nodeArgs });
    await service.waitReady();
    await reaches(service, ROWS, warmUp, signal);
    const began = { ms: performance.now(), cpu: processUse(service.pid).cpuSeconds, changes: 0, bytes: 0 };
    began.changes = totalOf(await service.metrics(), ROWS);
    began.bytes = await bytesUnder(store, prefix);
    await reaches(service, ROWS, warmUp + changes, signal);
    const ended = processUse(service.pid);
    const seconds = (performance.now() - began.ms) / 1000;
    await service.stop();
    await checkRows(root, store, options.tableFolder);
    return {
      changes: warmUp + changes - began.changes,
      seconds,
      cpuSeconds: ended.cpuSeconds - began.cpu,
      warmUpCpuSeconds: began.cpu,
      peakRssMiB: ended.peakRssMiB,
      bytesWritten: (await bytesUnder(store, prefix)) - began.bytes,
    };
  } finally {
    for await (const { key } of store.list(`${prefix}/`)) await store.delete(key);
    store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function copyTable(folder: string, store: ObjectStore, root: string): Promise<void> {
  const source = createFolderStore(folder);
  for await (const { key } of source.list('table/'))
    await store.put(`${root}${key.slice('table'.length)}`, (await source.get(key)) as Uint8Array);
}

async function bytesUnder(store: ObjectStore, prefix: string): Promise<number> {
  let bytes = 0;
  for await (const object of store.list(`${prefix}/`)) bytes += object.sizeBytes;
  return bytes;
}

/** Every change was of a key that the table had: a figure of a sink that lost or doubled rows would be worth nothing. */
async function checkRows(root: string, store: ObjectStore, tableFolder: string): Promise<void> {
  const around = { nowMs: Date.now, newId: randomUUID };
  const before = await rowsOf('table', { ...around, store: createFolderStore(tableFolder) });
  const after = await rowsOf(root, { ...around, store });
  if (before !== after) throw new Error(`the table had ${before} rows and has ${after} after the changes`);
}

async function rowsOf(root: string, around: Parameters<typeof DeltaTable.open>[1]): Promise<number> {
  const table = await DeltaTable.open(root, around);
  let rows = 0;
  for (const { stats, deletionVector } of table?.state.files.values() ?? [])
    rows +=
      (JSON.parse(stats ?? '{}') as { numRecords: number }).numRecords - (deletionVector?.cardinality ?? 0);
  return rows;
}

function configOf(topics: string, prefix: string): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  return stringify({
    version: 1,
    source: { postgres: { url: 'postgres://unused@127.0.0.1/unused', tables: ['public.orders'] } },
    kafka: { brokers: kafka.brokers, registry: registry.url, prefix: topics },
    lake: { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey },
    tables: { 'public.orders': { bronze: false } },
  });
}
