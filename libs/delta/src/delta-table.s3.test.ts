import { expect, test } from '@jest/globals';
import { bucketPrefix, python } from '@hasivu/testing';
import { createS3Store } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import {
  compressZstd,
  DeltaTable,
  field,
  ParquetFile,
  parquetNodes,
  statisticsJson,
  statisticsOf,
  type Int64Column,
} from './index.ts';

const fields = [field('writer', 'long'), field('n', 'long')];
const WRITERS = 20;
const COMMITS = 5;

function fileOf(writer: number, n: number): { bytes: Buffer; stats: string } {
  const file = new ParquetFile({
    nodes: parquetNodes(fields),
    codec: 'zstd',
    compress: compressZstd,
    createdBy: 'test',
  });
  [writer, n].forEach((value, index) => {
    const column = file.columns[index] as Int64Column;
    column.level(1, 0);
    column.appendBigInt(BigInt(value));
  });
  const stats = statisticsJson(fields, statisticsOf(fields, file, 1));
  return { bytes: file.finish(1), stats };
}

const READ = `
import json, os, sys
from deltalake import DeltaTable
o = json.loads(os.environ['LAKE'])
t = DeltaTable('s3://%s/%s/t' % (o['bucket'], o['prefix']), storage_options={'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'],
  'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'], 'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'})
print(json.dumps({'version': t.version(), 'rows': sorted([r['writer'], r['n']] for r in t.to_pyarrow_table().to_pylist())}))
`;

test('twenty writers on one table over a real store lose nothing and write nothing twice, as deltalake reads it', async () => {
  await using facts = bucketPrefix('delta');
  const store = createS3Store(facts);
  await DeltaTable.create(
    't',
    { schema: { type: 'struct', fields }, configuration: { 'delta.checkpointInterval': '10' } },
    surroundings(store),
  );
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      const table = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
      for (let n = 0; n < COMMITS; n += 1) {
        const { bytes, stats } = fileOf(writer, n);
        const path = `part-${writer}-${n}.parquet`;
        await store.put(`t/${path}`, bytes);
        const add = {
          path,
          partitionValues: {},
          size: bytes.length,
          modificationTime: Date.now(),
          dataChange: true,
          stats,
        };
        await table.commit({ actions: [{ add }], operation: 'WRITE' });
      }
    }),
  );
  const { secretAccessKey, accessKeyId, bucket, endpoint, prefix, region } = facts;
  const lake = JSON.stringify({ secretAccessKey, accessKeyId, bucket, endpoint, prefix, region });
  const seen = JSON.parse(await python(READ, [], { env: { LAKE: lake } })) as {
    version: number;
    rows: number[][];
  };
  expect(seen.version).toBe(WRITERS * COMMITS);
  const wanted = Array.from({ length: WRITERS * COMMITS }, (_, index) => [
    Math.floor(index / COMMITS),
    index % COMMITS,
  ]);
  expect(seen.rows).toEqual(wanted);
  store.close();
});
