import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { bucketPrefix, python } from '@hasivu/testing';
import { createS3Store } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import {
  compressZstd,
  DeltaTable,
  field,
  markedFile,
  packCommitVectors,
  ParquetFile,
  parquetNodes,
  readVector,
  RowSet,
  statisticsJson,
  statisticsOf,
  type AddFile,
  type Int64Column,
} from './index.ts';

const fields = [field('id', 'long')];
const ROWS = 150_000;
const range = (start: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, index) => start + index * step);

/** Rows to be marked, per file: every form that a container has, on both sides of its borders. */
const FORMS: Readonly<Record<string, readonly number[]>> = {
  'few, in the log': [0, 3, 65_535, 65_536, ROWS - 1],
  list: range(1, 4_096, 15),
  bitmap: range(1, 4_097, 15),
  runs: range(60_000, 70_000),
  mixed: [...range(5, 100), ...range(66_000, 20_000, 2), ...range(140_000, 9_999)],
  all: range(0, ROWS),
};

const READ = `
import json, os
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
o = json.loads(os.environ['LAKE'])
t = DeltaTable('s3://%s/%s/t' % (o['bucket'], o['prefix']), storage_options={'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'],
  'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'], 'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'})
ids = sorted(pa.table(QueryBuilder().register('t', t).execute('select id from t').read_all())['id'].to_pylist())
gone = sorted(set(range(${ROWS} * ${Object.keys(FORMS).length})) - set(ids))
print(json.dumps({'rows': len(ids), 'gone': gone}))
`;

function fileOf(first: number): { bytes: Buffer; stats: string } {
  const options = { codec: 'zstd', compress: compressZstd, createdBy: 'test' } as const;
  const file = new ParquetFile({ nodes: parquetNodes(fields), ...options });
  const column = file.columns[0] as Int64Column;
  for (let row = 0; row < ROWS; row += 1) {
    column.level(1, 0);
    column.appendBigInt(BigInt(first + row));
  }
  const stats = statisticsJson(fields, statisticsOf(fields, file, ROWS));
  return { bytes: file.finish(ROWS), stats };
}

test('rows that we mark, in every form a vector has, are exactly those that deltalake leaves out', async () => {
  await using facts = bucketPrefix('vectors');
  const store = createS3Store(facts);
  const configuration = { 'delta.enableDeletionVectors': 'true' };
  const table = await DeltaTable.create(
    't',
    { schema: { type: 'struct', fields }, configuration },
    surroundings(store),
  );
  const adds: { add: AddFile }[] = [];
  for (const index of Object.keys(FORMS).keys()) {
    const { bytes, stats } = fileOf(index * ROWS);
    const path = `part-${index}.parquet`;
    await store.put(`t/${path}`, bytes);
    const facts = { partitionValues: {}, size: bytes.length, modificationTime: Date.now(), dataChange: true };
    adds.push({ add: { path, stats, ...facts } });
  }
  await table.commit({ actions: adds, operation: 'WRITE' });
  const sets = Object.values(FORMS).map((rows) => RowSet.of(rows));
  const { descriptors, file } = packCommitVectors(sets, randomUUID());
  expect(new Set(descriptors.map(({ storageType }) => storageType))).toEqual(new Set(['i', 'u']));
  await store.put(`t/${file?.key}`, file?.bytes as Uint8Array);
  const marks = adds.flatMap(({ add }, index) =>
    markedFile(add, descriptors[index] as (typeof descriptors)[0], Date.now()),
  );
  await table.commit({ actions: marks, operation: 'DELETE' });
  await table.checkpoint();

  const expected = Object.values(FORMS).flatMap((rows, index) => rows.map((row) => index * ROWS + row));
  const { secretAccessKey, accessKeyId, bucket, endpoint, prefix, region } = facts;
  const lake = JSON.stringify({ secretAccessKey, accessKeyId, bucket, endpoint, prefix, region });
  const seen = JSON.parse(await python(READ, [], { env: { LAKE: lake } })) as {
    rows: number;
    gone: number[];
  };
  expect(seen.gone).toEqual(expected);
  expect(seen.rows).toBe(ROWS * sets.length - expected.length);

  const reopened = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
  for (const [index, rows] of Object.values(FORMS).entries()) {
    const vector = reopened.state.files.get(`part-${index}.parquet`)?.deletionVector;
    const read = await readVector(vector as NonNullable<typeof vector>, {
      get: (key) => store.get(`t/${key}`),
    });
    expect([read.size, rows.every((row) => read.has(row))]).toEqual([rows.length, true]);
  }
  store.close();
});
