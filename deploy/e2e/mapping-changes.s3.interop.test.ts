import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createS3Store } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { bucketPrefix, python } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { LakeCopy } from './lake-copy.ts';

const MAIN = join(import.meta.dirname, '../../services/cli/src/main.ts');
const requirements = 'requirements-interop.txt';
/** Before it, columns have other names: Spark reads no range across that. */
const RENAMED = 5;

interface Digest {
  readonly rows: number;
}

test.each(['id', 'name'])(
  'the change feed of a table that Spark maps by %s is read as Spark reads it, and across renames',
  async (mode) => {
    await using facts = bucketPrefix('mappingchanges');
    const store = createS3Store(facts);
    const jars = await sparkJars(() => undefined);
    using copy = new LakeCopy(store, 'silver/public/words');
    const { dir } = copy;
    await python(join(import.meta.dirname, 'foreign_changes.py'), [mode, dir, jars], { requirements });
    await copy.push();

    const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
    const lake = { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
    const kafka = { brokers: ['localhost:1'], registry: 'http://localhost:1' };
    const config = join(dir, 'hasivu.yaml');
    writeFileSync(config, JSON.stringify({ version: 1, kafka, lake }));
    const changes = async (from: number): Promise<string> => {
      const argv = ['lake', 'changes', 'silver.public.words', '--from-version', String(from), '--json', '-f'];
      const env = { ...process.env, NODE_OPTIONS: '', HASIVU_STATE_DIR: dir };
      return (await promisify(execFile)(process.execPath, [MAIN, ...argv, config], { env })).stdout;
    };
    const digest = async (engine: string, path: string): Promise<Digest> => {
      const script = join(import.meta.dirname, 'digest_table.py');
      const args = [engine, path, jars, String(RENAMED)];
      const { digest: digests, rows } = JSON.parse(await python(script, args, { requirements })) as {
        readonly digest: Readonly<Record<string, string>>;
        readonly rows: number;
      };
      // Of a copy, files have other times.
      const { _commit_timestamp: _, ...rest } = digests;
      return { rows, ...rest };
    };
    const printed = join(dir, 'printed.json');
    writeFileSync(printed, await changes(RENAMED));
    const spark = await digest('spark-changes', dir);
    expect(await digest('json', printed)).toEqual(spark);
    expect(spark.rows).toBeGreaterThan(10);

    const all = JSON.parse(await changes(0)) as readonly Readonly<Record<string, unknown>>[];
    const counts = Map.groupBy(
      all,
      (row) => `${String(row['_commit_version'])} ${String(row['_change_type'])}`,
    );
    expect(Object.fromEntries([...counts].map(([what, rows]) => [what, rows.length]))).toMatchObject({
      '1 insert': 20,
      '2 update_preimage': 4,
      '2 update_postimage': 4,
      '5 update_preimage': 3,
      '5 update_postimage': 3,
      '6 delete': 7,
    });
    expect(new Set(all.slice(0, 20).map((row) => row['text']))).toEqual(
      new Set(Array.from({ length: 20 }, (_, id) => `word ${id}`)),
    );
    store.close();
  },
  600_000,
);
