import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { python, stack } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LakeCopy } from './lake-copy.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const MAIN = join(import.meta.dirname, '../../services/cli/src/main.ts');
const TABLE = `create table items (id bigint primary key, number numeric(20,4), words text, day text)`;
const FILL = `insert into items select g, g * 1.2345, 'word ' || md5(g::text), 'd' || g % 3 from generate_series(1, $1::int) g`;

let store: ObjectStore;
let jars: string;
beforeAll(async () => {
  store = createS3Store(stack().s3);
  jars = await sparkJars(() => undefined);
});
afterAll(() => {
  store.close();
});

interface Digest {
  readonly rows: number;
  readonly digest: Readonly<Record<string, string>>;
}

async function digest(engine: string, path: string, from: number): Promise<Digest> {
  const args = [engine, path, jars, String(from)];
  const script = join(import.meta.dirname, 'digest_table.py');
  return JSON.parse(await python(script, args, { requirements: 'requirements-interop.txt' })) as Digest;
}

/** The times of commits apart: deltalake takes them from elsewhere. */
function withoutTimes({ rows, digest: { _commit_timestamp: _, ...digests } }: Digest): Digest {
  return { rows, digest: digests };
}

test.each([
  { way: 'rewritten files', deletionVectors: false },
  { way: 'marked rows', deletionVectors: true },
])(
  'the change data feed of $way is read alike by Spark, deltalake and hasivu lake changes',
  async ({ deletionVectors }) => {
    await using pipeline = await PipelineUnderTest.create({
      name: `feed${deletionVectors ? 'v' : ''}`,
      tables: ['public.items'],
      tableSettings: { 'public.items': { deletionVectors, changeDataFeed: true, partitionBy: ['day'] } },
    });
    pipeline.reconfigure({ lake: { deletionVectors: { minFileBytes: 0, maxDeletedShare: 0.9 } } });
    const root = `${pipeline.lakePrefix}/silver/public/items`;
    const equal = (): Promise<void> => pipeline.silverEventuallyEquals('public.items', ['id']);
    await pipeline.query(TABLE);
    await pipeline.query(FILL, [3_000]);
    await pipeline.startAll();
    await equal();
    await pipeline.query('update items set number = number + 1, words = null where id % 50 = 7');
    await equal();
    await pipeline.query(`update items set day = 'd9' where id % 100 = 1`);
    await pipeline.query('delete from items where id % 11 = 0');
    await equal();
    await pipeline.query('truncate items');
    await pipeline.query(FILL, [100]);
    await equal();
    await pipeline.service('lake-sink').stop();

    using copy = await LakeCopy.of(store, root);
    const { dir } = copy;
    const spark = await digest('spark-changes', dir, 0);
    expect(withoutTimes(await digest('deltalake-changes', dir, 0))).toEqual(withoutTimes(spark));
    const printed = join(dir, 'printed.json');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        MAIN,
        'lake',
        'changes',
        'silver.public.items',
        '--from-version',
        '0',
        '--json',
        '-f',
        pipeline.configPath,
      ],
      { env: { ...process.env, NODE_OPTIONS: '', HASIVU_STATE_DIR: dir }, maxBuffer: 64 << 20 },
    );
    writeFileSync(printed, stdout);
    expect(await digest('json', printed, 0)).toEqual(spark);
    // 3,000 rows, all updated or deleted or truncated in the end, and 100 more.
    expect(spark.rows).toBeGreaterThan(6_000);
  },
  1_200_000,
);
