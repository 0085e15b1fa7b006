import { spawnService } from '@hasivu/testing';

import { processUse } from '../process-cpu.ts';
import { withFilledTables } from './filled-tables.ts';
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

/** Metrics of hundreds of tables are not free, and they are read every 15 seconds or so in earnest. */
const POLL_MS = 1_000;

/** One sink over many tables whose changes lie mixed in the log: what it costs, and that its memory stays bounded. */
export async function measureManyTables(options: ManyTablesOptions): Promise<ManyTablesFigures[]> {
  const { signal, report, tables, partitionsPerTable } = options;
  const weights = Array.from({ length: tables }, () => 1);
  return await withFilledTables({ ...options, weights }, async ({ rows, config }) => {
    const figures: ManyTablesFigures[] = [];
    for (const silver of [false, true]) {
      const began = performance.now();
      const file = config(silver ? 'silver' : 'bronze', silver);
      await using sink = await spawnService('lake-sink', file);
      await sink.waitReady(300_000);
      await reaches(sink, 'hasivu_sink_rows_total', rows, signal, POLL_MS);
      const { cpuSeconds, peakRssMiB } = processUse(sink.pid);
      const one = {
        tables,
        partitions: tables * partitionsPerTable,
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
  });
}
