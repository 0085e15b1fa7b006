import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  spawnService,
  stack,
  testDatabase,
  uniqueName,
  type SpawnedService,
  type TestDatabase,
} from '@hasivu/testing';
import pg from 'pg';
import { stringify } from 'yaml';

import { INSERT_TRANSACTION, ORDERS_TABLE, ROWS_PER_TRANSACTION } from './orders-table.ts';
import { processUse } from './process-cpu.ts';

export interface LegResult {
  readonly leg: string;
  readonly rows: number;
  readonly cpuSecondsPerMillionRows: number;
  readonly rowsPerSecond: number;
  readonly peakRssMiB: number;
}

type Progress = (line: string) => void;

/**
 * CPU-seconds per million rows of each service over the 12-column table, one service at a time: the source while the load
 * runs, the processor and the sink over topics that are full already, their start-up included.
 */
export async function benchSpine(rows: number, report: Progress): Promise<LegResult[]> {
  await using database = await testDatabase('bench');
  const dir = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  try {
    const prefix = uniqueName('bench');
    const results: LegResult[] = [];
    const take = (leg: LegResult): void => {
      results.push(leg);
      report(
        `  ${leg.cpuSecondsPerMillionRows} CPU-s per million rows, ${leg.rowsPerSecond} rows/s, ${leg.peakRssMiB} MiB`,
      );
    };
    await database.query(ORDERS_TABLE);
    report(`Postgres → Kafka: ${rows} rows in transactions of ${ROWS_PER_TRANSACTION}`);
    take(await benchSource(database, config(dir, database, prefix, { silver: false }), rows));
    report('Kafka → Kafka: five steps and two rules');
    take(
      await benchReader(
        'stream-processor',
        'processor, five steps',
        config(dir, database, prefix, { silver: false }),
        rows,
        'hasivu_processor_rows_total',
      ),
    );
    report('Kafka → bronze');
    take(
      await benchReader(
        'lake-sink',
        'Kafka → bronze',
        config(dir, database, prefix, { silver: false, pipelines: false }),
        rows,
        'hasivu_sink_rows_total',
      ),
    );
    report('Kafka → bronze and silver');
    take(
      await benchReader(
        'lake-sink',
        'Kafka → bronze and silver',
        config(dir, database, prefix, { silver: true, pipelines: false, lakePrefix: `${prefix}b` }),
        rows,
        'hasivu_sink_rows_total',
      ),
    );
    return results;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function benchSource(database: TestDatabase, configPath: string, rows: number): Promise<LegResult> {
  await using source = await (await spawnService('cdc-source', configPath)).waitReady();
  const before = processUse(source.pid).cpuSeconds;
  const began = performance.now();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (let i = 0; i < rows / ROWS_PER_TRANSACTION; i++) await client.query(INSERT_TRANSACTION, [i]);
  await client.end();
  await reaches(source, 'hasivu_source_rows_total', rows);
  return measured('Postgres → Kafka', source, rows, before, began);
}

async function benchReader(
  name: string,
  leg: string,
  configPath: string,
  rows: number,
  metric: string,
): Promise<LegResult> {
  const began = performance.now();
  await using service = await (await spawnService(name, configPath)).waitReady();
  await reaches(service, metric, rows);
  return measured(leg, service, rows, 0, began);
}

async function reaches(service: SpawnedService, metric: string, rows: number): Promise<void> {
  while (sum(await service.metrics(), metric) < rows) {
    if (!service.running)
      throw new Error(`${service.name} has ended:\n${service.output.slice(-20).join('\n')}`);
    await sleep(250);
  }
}

function sum(exposition: string, metric: string): number {
  const lines = exposition
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function measured(
  leg: string,
  service: SpawnedService,
  rows: number,
  cpuBefore: number,
  began: number,
): LegResult {
  const use = processUse(service.pid);
  const seconds = (performance.now() - began) / 1000;
  return {
    leg,
    rows,
    cpuSecondsPerMillionRows: round(((use.cpuSeconds - cpuBefore) / rows) * 1e6),
    rowsPerSecond: Math.round(rows / seconds),
    peakRssMiB: Math.round(use.peakRssMiB),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function config(
  dir: string,
  database: TestDatabase,
  prefix: string,
  options: { silver: boolean; pipelines?: boolean; lakePrefix?: string },
): string {
  const { kafka, registry, s3 } = stack();
  const path = join(dir, `${Math.random().toString(36).slice(2)}.yaml`);
  const steps = [
    { cast: { column: 'quantity', to: 'int64' } },
    { rename: { from: 'notes', to: 'remark' } },
    { drop: { columns: ['meta'] } },
    { derive: { column: 'total', expr: 'quantity * unit_price' } },
    { filter: { expr: 'tenant_id >= 0' } },
  ];
  writeFileSync(
    path,
    stringify({
      version: 1,
      source: {
        postgres: { url: database.url, tables: ['public.orders'], publication: prefix, slot: prefix },
      },
      kafka: { brokers: kafka.brokers, registry: registry.url, prefix },
      lake: {
        endpoint: s3.endpoint,
        bucket: s3.bucket,
        prefix: options.lakePrefix ?? prefix,
        region: s3.region,
        accessKeyId: s3.accessKeyId,
        secretAccessKey: s3.secretAccessKey,
      },
      tables: { 'public.orders': { silver: options.silver } },
      pipelines:
        options.pipelines === false
          ? []
          : [
              {
                name: 'bench',
                from: ['public.orders'],
                steps,
                rules: [{ notNull: 'id' }, { range: { column: 'quantity', min: 0 } }],
                to: 'orders',
              },
            ],
    }),
  );
  return path;
}

/** The figures as a Markdown table. */
export function spineTable(legs: readonly LegResult[]): string {
  const rows = legs.map(
    (leg) => `| ${leg.leg} | ${leg.cpuSecondsPerMillionRows} | ${leg.rowsPerSecond} | ${leg.peakRssMiB} |`,
  );
  return [
    '| leg | CPU-s per million rows | rows/s | peak RSS MiB |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
