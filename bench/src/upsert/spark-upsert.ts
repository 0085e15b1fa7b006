import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { Engine } from '@hasivu/lake-engine';
import { python } from '@hasivu/testing';

import { silverRows } from './silver-table.ts';
import { spreadKey } from './spread-keys.ts';
import type { UpsertSample } from './upsert-sample.ts';

export interface SparkUpsertOptions {
  readonly tableFolder: string;
  readonly tableRows: number;
  readonly warmUp: number;
  readonly changes: number;
  /** Rows of one MERGE. */
  readonly batch: number;
  readonly jars: string;
}

/** Spark's MERGE with deletion vectors, batch after batch. Its changes are ready on disk: it reads no Kafka. */
export async function sparkUpsert(options: SparkUpsertOptions): Promise<UpsertSample> {
  const folder = mkdtempSync(join(options.tableFolder, 'spark-'));
  try {
    const table = join(folder, 'table');
    linkTree(join(options.tableFolder, 'table'), table);
    const batches = await writeBatches(options, folder);
    const printed = await python(join(import.meta.dirname, 'spark_merge.py'), [], {
      requirements: 'requirements-interop.txt',
      stdin: JSON.stringify({ table, batches, jars: options.jars }),
    });
    const sample = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Omit<UpsertSample, 'changes'>;
    return { ...sample, changes: options.changes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Data files are never changed in place: links do. The log is copied. */
function linkTree(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    mkdirSync(dirname(target), { recursive: true });
    if (source.includes('_delta_log')) cpSync(source, target);
    else linkSync(source, target);
  }
}

async function writeBatches(options: SparkUpsertOptions, folder: string): Promise<string[]> {
  const engine = new Engine({ folder: join(folder, 'engine'), memoryBytes: 500e6 });
  const borders = [0, options.warmUp];
  for (let at = options.warmUp; at < options.warmUp + options.changes;)
    borders.push((at = Math.min(at + options.batch, options.warmUp + options.changes)));
  try {
    return await engine.exclusively('writing changes', async (session) => {
      const paths: string[] = [];
      for (const [index, first] of borders.slice(0, -1).entries()) {
        const path = join(folder, `batch-${index}.parquet`);
        const keys = `SELECT ${spreadKey(options.tableRows, 'range')} AS id FROM range(${first}, ${borders[index + 1]})`;
        await session.run(
          `COPY (SELECT ${silverRows(2 + index)} FROM (${keys})) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
        );
        paths.push(path);
      }
      return paths;
    });
  } finally {
    await engine.close();
  }
}
