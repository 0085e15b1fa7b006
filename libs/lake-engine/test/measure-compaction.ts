// node libs/lake-engine/test/measure-compaction.ts [files] [rows of a file]: CPU of a compaction, and of a query before and after.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../object-store/src/index.ts';
import { OPTIMIZE_ALL, optimizeTable } from '../src/index.ts';
import { LOG_FIELDS, logRows } from './measured-log.ts';
import { TableBench } from './table-bench.ts';

const [files = 600, perFile = 2_000] = process.argv.slice(2).map(Number);
const QUERY = 'SELECT tenant_id, count(1) AS n, sum(total) AS total FROM t GROUP BY 1 ORDER BY 1';

async function cpuOf<T>(work: () => Promise<T>): Promise<{ result: T; cpuSeconds: number }> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}

const folder = mkdtempSync(join(tmpdir(), 'hasivu-measure-'));
const bench = await TableBench.open(createFolderStore(folder));
const table = await bench.create({ root: 'bronze/public/orders', fields: LOG_FIELDS });
for (let n = 0; n < files; n += 1) await bench.append(table, logRows(n * perFile, (n + 1) * perFile));
const before = await cpuOf(() => bench.query(table, QUERY));
const compaction = await cpuOf(() =>
  optimizeTable(bench.tools(table), { rule: OPTIMIZE_ALL, nowMs: Date.now }),
);
await bench.query(table, 'SELECT 1 AS one FROM t LIMIT 1');
const after = await cpuOf(() => bench.query(table, QUERY));
const millions = (files * perFile) / 1e6;
console.log({
  rows: files * perFile,
  compaction: compaction.result,
  compactionCpuSecondsPerMillionRows: compaction.cpuSeconds / millions,
  query: { cpuSecondsBefore: before.cpuSeconds, cpuSecondsAfter: after.cpuSeconds },
  same: JSON.stringify(before.result) === JSON.stringify(after.result),
  peakResidentMiB: Math.round(process.resourceUsage().maxRSS / 1024),
});
await bench[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });
