// CPU-seconds that merges of a million changed rows take, with and without a generated column. `node services/lake-sink/test/measure-generated.ts`
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnMapping, field } from '@hasivu/delta';
import { Engine, engineType, FileCache, identifier, parseGeneration } from '@hasivu/lake-engine';
import { MemoryStore } from '@hasivu/object-store';
import { generatedColumn } from '../src/core/generated-columns.ts';
import { LOG_COLUMNS, STATE_COLUMNS } from '../src/core/lake-columns.ts';
import { tableFields, type TableShape } from '../src/core/table-shape.ts';
import { KeyIndexes } from '../src/io/key-index/key-indexes.ts';
import { LakeTable } from '../src/io/lake-table.ts';
import { StateMerger } from '../src/io/state-merger.ts';

const [TABLE, BATCH, BATCHES] = [500_000, 20_000, 50];
const VALUES: Readonly<Record<string, string>> = {
  id: 'k',
  at: `TIMESTAMP '2026-01-01' + to_seconds(k * 37 + n)`,
  amount: '(k % 100000) / 100',
  words: 'md5(CAST(k + n AS VARCHAR))',
  kind: `'kind ' || k % 20`,
  ok: 'k % 3 = 0',
  more: 'k * 7 + n',
};
const rowFields = [
  field('id', 'long'),
  field('at', 'timestamp_ntz'),
  field('amount', 'decimal(12,2)'),
  field('words', 'string'),
  field('kind', 'string'),
  field('ok', 'boolean'),
  field('more', 'long'),
];
const shape: TableShape = { rowFields, partitions: [], key: ['id'] };

async function measure(expression: string | null): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-generated-'));
  const store = new MemoryStore();
  const cache = await FileCache.open(store, 'measure', 2 ** 32);
  const engine = new Engine({ folder, memoryBytes: 96e6 });
  const indexes = new KeyIndexes({ folder: cache.folder, maxBytes: 1e9, nowMs: Date.now });
  const limits = { minTableBytes: 0, minFileBytes: 0, maxDeletedShare: 0.2, rewriteBytes: 32e6 };
  const merger = new StateMerger({ engine, cache, indexes, failpoint: () => undefined, limits });
  const around = { store, nowMs: Date.now, newId: () => crypto.randomUUID() };
  const table = await LakeTable.open('t', around);
  const generated =
    expression === null
      ? []
      : await engine.exclusively('reading', async (session) => [
          generatedColumn(
            'g',
            expression,
            await parseGeneration(session, { root: 't', fields: rowFields }, 'g', expression),
          ).own,
        ]);
  await table.create([...tableFields(shape, STATE_COLUMNS), ...generated], [], shape.key);
  const apply = async (keys: string, rows: number, n: number): Promise<number> => {
    const of: Record<string, string> = { ...VALUES, _op: `'u'`, _lsn: String(n), _seq: 'k', _offset: 'k' };
    const columns = [...rowFields, ...LOG_COLUMNS].map(
      ({ name, type }) => `CAST(${of[name] ?? 'NULL'} AS ${engineType(type)}) AS ${identifier(name)}`,
    );
    const query = `SELECT ${columns.join(', ')} FROM (SELECT ${keys} AS k, ${n} AS n FROM range(${rows}) r(i))`;
    const local = await engine.exclusively('writing a batch', async (session) => {
      const [file] = await session.writeParquet(query, 'batch', 2 ** 30, [], { codec: 'zstd' });
      return cache.scratch(`batch-${n}`, await readFile((file as { path: string }).path));
    });
    const before = process.cpuUsage();
    await merger.apply(table, {
      shape,
      files: [{ partitionValues: {}, paths: [local], columns: ColumnMapping.NONE }],
      truncatedAt: null,
      truncates: false,
      unavailable: [],
      txns: [],
      vectors: 'always',
      feed: 'off',
      checks: {},
    });
    const { user, system } = process.cpuUsage(before);
    await rm(local, { force: true });
    return (user + system) / 1e6;
  };
  await apply('i', TABLE, 1);
  let seconds = 0;
  // Keys all over the table, each once in a batch.
  for (let n = 2; n < BATCHES + 2; n += 1)
    seconds += await apply(`(i * ${TABLE / BATCH} + ${n % (TABLE / BATCH)})`, BATCH, n);
  await engine.close();
  indexes.close();
  await cache.close();
  await rm(folder, { recursive: true, force: true });
  return seconds;
}

for (let round = 1; round <= 3; round += 1)
  for (const expression of [null, 'CAST(at AS DATE)', "substring(words, 1, 2) || '-' || kind"])
    console.log(
      `round ${round}: ${expression ?? 'none'}: ${(await measure(expression)).toFixed(1)} CPU-s per million rows`,
    );
