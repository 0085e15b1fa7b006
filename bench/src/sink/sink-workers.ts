import { setTimeout as sleep } from 'node:timers/promises';

import { spawnService, uniqueName, type SpawnedService } from '@hasivu/testing';

import { processUse } from '../process-cpu.ts';
import { withFilledTables, type FilledTables } from './filled-tables.ts';
import { totalOf } from './service-rows.ts';

export interface SinkWorkersOptions {
  /** How many sinks divide the tables, one measurement each. */
  readonly workers: readonly number[];
  /** Of Kafka, for each table. */
  readonly partitionsPerTable: number;
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface SinkWorkersFigures {
  readonly workers: number;
  readonly tables: number;
  readonly rows: number;
  /** From the first row that was durable to the last. */
  readonly rowsPerSecond: number;
  /** Of all of them, start-up included. */
  readonly cpuPerMillionRows: number;
  /** Of the largest. */
  readonly peakRssMiB: number;
  /** Rows that each of them wrote, in percent of all: the most first. */
  readonly shares: readonly number[];
}

/** A quarter of the rows is of the first table, and half of them of the first three. */
const WEIGHTS = [24, 14, 10, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2, 2, 1];
const POLL_MS = 100;
const SETTINGS = { sessionTimeoutMs: 10_000, balanceEveryMs: 5_000 };

/** Several sinks that divide the tables of very different sizes: what more of them bring. */
export async function measureSinkWorkers(options: SinkWorkersOptions): Promise<SinkWorkersFigures[]> {
  return await withFilledTables({ ...options, weights: WEIGHTS }, async (filled) => {
    const figures: SinkWorkersFigures[] = [];
    for (const workers of options.workers) {
      const one = await measure(workers, filled, options.signal);
      options.report(
        `  ${workers} sinks: ${one.rowsPerSecond} rows/s, ${one.cpuPerMillionRows} CPU-s per million rows, ${one.peakRssMiB} MiB, shares ${one.shares.join(', ')} %`,
      );
      figures.push(one);
    }
    return figures;
  });
}

async function measure(
  workers: number,
  { rows, config }: FilledTables,
  signal: AbortSignal,
): Promise<SinkWorkersFigures> {
  const group = { name: uniqueName('sinks'), ...SETTINGS };
  const file = config(`workers-${workers}`, true, { group });
  await using services = new AsyncDisposableStack();
  const sinks = await Promise.all(
    Array.from({ length: workers }, async () => services.use(await spawnService('lake-sink', file))),
  );
  let beganMs: number | null = null;
  let written: number[] = [];
  let before = 0;
  for (let sum = 0; sum < rows; await sleep(POLL_MS)) {
    signal.throwIfAborted();
    written = await Promise.all(sinks.map(rowsOf));
    sum = written.reduce((total, one) => total + one, 0);
    if (sum === 0) before = performance.now();
    else beganMs ??= before;
  }
  const seconds = (performance.now() - (beganMs ?? before)) / 1_000;
  const uses = sinks.map(({ pid }) => processUse(pid));
  const cpuSeconds = uses.reduce((sum, use) => sum + use.cpuSeconds, 0);
  return {
    workers,
    tables: WEIGHTS.length,
    rows,
    rowsPerSecond: Math.round(rows / seconds),
    cpuPerMillionRows: Number(((cpuSeconds / rows) * 1e6).toFixed(2)),
    peakRssMiB: Math.round(Math.max(...uses.map(({ peakRssMiB }) => peakRssMiB))),
    shares: written.map((one) => Math.round((one / rows) * 100)).sort((a, b) => b - a),
  };
}

async function rowsOf(service: SpawnedService): Promise<number> {
  if (!service.running)
    throw new Error(`${service.name} has ended:\n${service.output.slice(-20).join('\n')}`);
  return totalOf(await service.metrics().catch(() => ''), 'hasivu_sink_rows_total');
}
