import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createS3Store } from '@hasivu/object-store';
import { spawnService, stack, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { processUse } from '../process-cpu.ts';
import { reaches, totalOf } from '../sink/service-rows.ts';
import { readTable, type TableReading } from './table-reading.ts';
import type { TenantTopic } from './tenant-topic.ts';

/** How tenants are kept apart: by folders, or by the order of rows in common files. */
export const LAYOUTS = ['partitions', 'clustered'] as const;
export type TenantLayout = (typeof LAYOUTS)[number];
export type TenantLayer = 'bronze' | 'silver';

export interface TenantLakeOptions {
  readonly layout: TenantLayout;
  readonly layers: readonly TenantLayer[];
  /** Rows after which the sink commits. */
  readonly flushRows: number;
  readonly targetBytes: number;
  /** Of whom reads are told. */
  readonly readers: readonly number[];
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Of a service once it is ready. */
export interface ServiceCost {
  readonly cpuPerMillionRows: number;
  readonly seconds: number;
  readonly peakRssMiB: number;
}

export interface TenantLakeFigures {
  readonly layout: TenantLayout;
  readonly rows: number;
  readonly sink: ServiceCost;
  readonly keeper: ServiceCost;
  readonly tables: readonly {
    readonly layer: TenantLayer;
    readonly written: TableReading;
    readonly kept: TableReading;
  }[];
}

const SINK_ROWS = 'hasivu_sink_rows_total';
const POLL_MS = 250;

/** The topic into a new lake by lake-sink, then looked after by lake-keeper until it finds nothing to do. */
export async function measureTenantLake(
  topic: TenantTopic,
  options: TenantLakeOptions,
): Promise<TenantLakeFigures> {
  const { layout, layers, targetBytes, readers, signal, report } = options;
  const prefix = uniqueName(`bench${layout}`);
  const path = join(topic.directory, `${prefix}.yaml`);
  writeFileSync(path, configOf(topic, prefix, options), { mode: 0o600 });
  const store = createS3Store({ ...stack().s3, prefix });
  const read = (layer: TenantLayer): Promise<TableReading> =>
    readTable(store, `${layer}/public/orders`, { targetBytes, tenants: readers });
  try {
    const sink = await costOf('lake-sink', path, topic.rows, (service) =>
      reaches(service, SINK_ROWS, topic.rows, signal, POLL_MS),
    );
    report(`  ${layout}: sink ${shown(sink)}`);
    const written = new Map<TenantLayer, TableReading>();
    for (const layer of layers) written.set(layer, await read(layer));
    const keeper = await costOf('lake-keeper', path, topic.rows, async (service) => {
      await reaches(service, 'hasivu_keeper_tables', layers.length, signal, POLL_MS);
      await nothingDue(service, signal);
    });
    report(`  ${layout}: keeper ${shown(keeper)}`);
    const tables = [];
    for (const layer of layers)
      tables.push({ layer, written: written.get(layer) as TableReading, kept: await read(layer) });
    return { layout, rows: topic.rows, sink, keeper, tables };
  } finally {
    for await (const { key } of store.list('')) await store.delete(key);
    store.close();
  }
}

type Service = Awaited<ReturnType<typeof spawnService>>;

async function costOf(
  name: 'lake-sink' | 'lake-keeper',
  path: string,
  rows: number,
  work: (service: Service) => Promise<void>,
): Promise<ServiceCost> {
  await using service = await spawnService(name, path);
  await service.waitReady(300_000);
  const began = { ms: performance.now(), cpuSeconds: processUse(service.pid).cpuSeconds };
  await work(service);
  const { cpuSeconds, peakRssMiB } = processUse(service.pid);
  const seconds = (performance.now() - began.ms) / 1_000;
  await service.stop();
  return { cpuPerMillionRows: ((cpuSeconds - began.cpuSeconds) / rows) * 1e6, seconds, peakRssMiB };
}

/** A table that is worked on keeps the figure of the look before. */
async function nothingDue(service: Service, signal: AbortSignal): Promise<void> {
  for (;;) {
    const metrics = await service.metrics().catch(() => null);
    if (metrics !== null && totalOf(metrics, 'hasivu_lake_due_files') === 0) return;
    signal.throwIfAborted();
    if (!service.running) throw new Error(`lake-keeper has ended:\n${service.output.slice(-20).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function shown({ cpuPerMillionRows, seconds, peakRssMiB }: ServiceCost): string {
  return `${cpuPerMillionRows.toFixed(1)} CPU-s per million rows, ${seconds.toFixed(0)} s, ${peakRssMiB.toFixed(0)} MiB`;
}

function configOf(
  topic: TenantTopic,
  lakePrefix: string,
  { layout, layers, flushRows, targetBytes }: TenantLakeOptions,
): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  const place = layout === 'partitions' ? { partitionBy: ['tenant_id'] } : { clusterBy: ['tenant_id'] };
  return stringify({
    version: 1,
    source: { postgres: { url: 'postgres://unused@127.0.0.1/unused', tables: ['public.orders'] } },
    kafka: { brokers: kafka.brokers, registry: registry.url, prefix: topic.prefix },
    lake: {
      endpoint,
      bucket,
      prefix: lakePrefix,
      region,
      accessKeyId,
      secretAccessKey,
      flush: { rows: flushRows },
      maintenance: { intervalMs: 1_000, compaction: { targetBytes, settleMs: 0 } },
    },
    tables: { 'public.orders': { ...place, silver: layers.includes('silver') } },
  });
}
