// HASIVU_TEST_STACK=… node libs/lake-engine/test/measure-reads.ts [files] [rows of a file]: bytes and CPU of queries over S3 by what
// they need, and by whole files.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { keyOfPath, type DeltaTable } from '@hasivu/delta';
import { createS3Store } from '../../object-store/src/index.ts';
import { bucketPrefix } from '../../testing/src/index.ts';
import {
  byPartition,
  EngineSession,
  FileCache,
  LakeReader,
  parseStatement,
  readFiles,
} from '../src/index.ts';
import { LOG_FIELDS, logRows } from './measured-log.ts';
import { TableBench } from './table-bench.ts';

const [files = 8, perFile = 250_000] = process.argv.slice(2).map(Number);
const middle = Math.floor((files * perFile) / 2);
const QUERIES = {
  'an hour of all columns': `SELECT * FROM bronze.public.orders WHERE _committed_at >= to_timestamp(${1780000000 + Math.floor(middle / 10)}) AND _committed_at < to_timestamp(${1780003600 + Math.floor(middle / 10)})`,
  'two columns of all rows':
    'SELECT tenant_id, count(1) AS n, sum(total) AS total FROM bronze.public.orders GROUP BY 1',
  'the number of rows': 'SELECT count(*) AS n FROM bronze.public.orders',
};

const folder = mkdtempSync(join(tmpdir(), 'hasivu-measure-'));
const bucket = bucketPrefix('measure');
const store = createS3Store(bucket);
const bench = await TableBench.open(store, 256e6);
const table = await bench.create({ root: 'bronze/public/orders', fields: LOG_FIELDS });
for (let n = 0; n < files; n += 1) await bench.append(table, logRows(n * perFile, (n + 1) * perFile));
for (const [name, sql] of Object.entries(QUERIES)) {
  const whole = await measured(sql, wholeFiles);
  const needed = await measured(sql, async (session, cache, delta) => {
    const signal = new AbortController().signal;
    const reader = new LakeReader({ session, cache, signal, catalogs: ['bronze'] });
    const parsed = await parseStatement(session, sql);
    if ('mistake' in parsed) throw new Error(parsed.mistake);
    return await reader.prepare(parsed, () => Promise.resolve(delta));
  });
  console.log(name, { whole, needed });
}
await bench[Symbol.asyncDispose]();
await bucket[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });

/** Every file of the table, as a reader has it that knows nothing of the statement. */
async function wholeFiles(
  session: EngineSession,
  cache: FileCache,
  { root, state }: DeltaTable,
): Promise<void> {
  const placed = [];
  for (const file of state.files.values())
    placed.push({ file, path: await cache.pathOf(`${root}/${keyOfPath(file.path)}`) });
  const relation = readFiles(state.schema.fields, [], byPartition(placed, [], state.columns));
  await session.run('CREATE SCHEMA bronze.public');
  await session.run(`CREATE VIEW bronze.public.orders AS SELECT * FROM ${relation}`);
}

async function measured(
  sql: string,
  prepare: (session: EngineSession, cache: FileCache, delta: DeltaTable) => Promise<unknown>,
): Promise<object> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run("ATTACH ':memory:' AS bronze");
  const cache = await FileCache.openKept(store, join(folder, randomUUID()), 2 ** 40);
  const before = process.cpuUsage();
  const reads = await prepare(
    new EngineSession(connection, join(cache.folder, 'session')),
    cache,
    table.delta,
  );
  const prepared = process.cpuUsage(before);
  let count = 0;
  const result = await connection.stream(sql);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    count += chunk.rowCount;
  const { user, system } = process.cpuUsage(before);
  connection.closeSync();
  const { fetchedBytes } = cache;
  await cache.close();
  return {
    rows: count,
    fetchedMB: fetchedBytes / 1e6,
    cpuSeconds: (user + system) / 1e6,
    cpuSecondsToPrepare: (prepared.user + prepared.system) / 1e6,
    ...(Array.isArray(reads) ? { reads: JSON.stringify(reads[0]) } : {}),
  };
}
