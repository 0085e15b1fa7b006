// node libs/lake-engine/test/measure-compaction.ts [files] [rows of a file]: CPU of a compaction, and of a query before and after.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { field } from '@hasivu/delta';
import { createFolderStore } from '../../object-store/src/index.ts';
import { OPTIMIZE_ALL, optimizeTable } from '../src/index.ts';
import { TableBench } from './table-bench.ts';

const FIELDS = [
  field('id', 'long'),
  field('tenant_id', 'integer'),
  field('status', 'string'),
  field('email', 'string'),
  field('total', 'decimal(12,2)'),
  field('created_at', 'timestamp'),
  field('_op', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_txid', 'long'),
  field('_committed_at', 'timestamp'),
  field('_offset', 'long'),
];
const [files = 600, perFile = 2_000] = process.argv.slice(2).map(Number);
const rows = (n: number): string =>
  `SELECT (i * 7919 % 10000019)::BIGINT AS id, (hash(i) % 500)::INTEGER AS tenant_id, ['placed', 'cooking', 'ready'][1 + i % 3] AS status, md5(i::VARCHAR) AS email,
  ((hash(i, 1) % 100000) / 100)::DECIMAL(12,2) AS total, to_timestamp(1780000000 + i // 10) AS created_at, 'c' AS _op, (i // 100)::BIGINT AS _lsn, (i % 100)::BIGINT AS _seq,
  (i // 100)::BIGINT AS _txid, to_timestamp(1780000000 + i // 10) AS _committed_at, i::BIGINT AS _offset FROM range(${n * perFile}, ${(n + 1) * perFile}) r(i)`;
const QUERY = 'SELECT tenant_id, count(1) AS n, sum(total) AS total FROM t GROUP BY 1 ORDER BY 1';

async function cpuOf<T>(work: () => Promise<T>): Promise<{ result: T; cpuSeconds: number }> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuSeconds: (user + system) / 1e6 };
}

const folder = mkdtempSync(join(tmpdir(), 'hasivu-measure-'));
const bench = await TableBench.open(createFolderStore(folder));
const table = await bench.create({ root: 'bronze/public/orders', fields: FIELDS });
for (let n = 0; n < files; n += 1) await bench.append(table, rows(n));
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
