import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { DeltaTable, field, packCommitVectors, RowSet } from '@hasivu/delta';
import { MemoryStore } from '@hasivu/object-store';
import { expect, test } from '@jest/globals';
import { lakeSelect } from './lake-view-sql.ts';
import { loadMarkedRows } from './marked-rows.ts';

const UUID = 'd2c639aa-8816-431a-aaf6-d3fe2512ff61';
const ROWS = 4_000;

test('rows that a deletion vector takes out are in no view, whichever way the vector is stored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hasivu-marked-'));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`ATTACH ':memory:' AS silver`);
  const store = new MemoryStore();
  const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
  const table = await DeltaTable.create(
    'silver/public/items',
    { schema, configuration: { 'delta.enableDeletionVectors': 'true' } },
    { store, nowMs: () => 1, newId: () => 'id' },
  );
  // One file with a vector in a file, one with a vector in the log, one without.
  const sets = [RowSet.of(Array.from({ length: 1_000 }, (_, n) => n * 3)), RowSet.of([7, ROWS - 1])];
  const { descriptors, file } = packCommitVectors(sets, UUID);
  await store.put(`silver/public/items/${file?.key}`, file?.bytes as Uint8Array);
  const paths = [0, 1, 2].map((n) => join(folder, `f${n}.parquet`));
  for (const [n, path] of paths.entries())
    await connection.run(`COPY (SELECT i + ${n * ROWS} AS id FROM range(${ROWS}) r(i)) TO '${path}'`);
  const adds = paths.map((_, n) => ({
    add: {
      path: `f${n}.parquet`,
      partitionValues: {},
      size: 1,
      modificationTime: 1,
      dataChange: true,
      stats: `{"numRecords":${ROWS}}`,
      ...(descriptors[n] === undefined ? {} : { deletionVector: descriptors[n] }),
    },
  }));
  await table.commit({ actions: adds, operation: 'WRITE' });
  const marked = await loadMarkedRows(connection, store, table, paths);
  const select = lakeSelect({
    schema,
    partitionColumns: [],
    columns: table.state.columns,
    paths,
    present: new Set(['id']),
    marked,
  });
  await connection.run(`CREATE VIEW silver.items AS ${select}`);
  const answer = await connection.runAndReadAll('SELECT id FROM silver.items ORDER BY id');
  const expected: bigint[] = [];
  for (let id = 0; id < 3 * ROWS; id += 1)
    if (sets[Math.floor(id / ROWS)]?.has(id % ROWS) !== true) expected.push(BigInt(id));
  expect(answer.getColumns()[0]).toEqual(expected);
  connection.closeSync();
  await rm(folder, { recursive: true });
});
