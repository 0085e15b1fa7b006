import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DeltaTable, type TableState } from '@hasivu/delta';
import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { PythonSession, stack } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { LakeCopy } from './lake-copy.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const MAIN = join(import.meta.dirname, '../../services/cli/src/main.ts');
const ROWS = 20_000;
const TABLE = `create table items (id bigint primary key, small smallint, number numeric(20,4), words text, kind text, instant timestamptz, day date)`;
const FILL = `insert into items select g, g % 1000, g * 1.2345, md5(g::text) || md5((g * 7)::text), 'k' || g % 3,
  timestamptz '2026-01-01 05:30+05:30' + g * interval '1 hour', current_date - g % 600 from generate_series(1, $1::int) g`;
const READERS = ['deltalake', 'duckdb', 'spark'] as const;

interface Digest {
  readonly rows: number;
  readonly digest: Readonly<Record<string, string>>;
}

let store: ObjectStore;
let jars: string;
let python: PythonSession;
beforeAll(async () => {
  store = createS3Store(stack().s3);
  jars = await sparkJars(() => undefined);
  const options = { requirements: 'requirements-interop.txt', env: { JARS: jars } } as const;
  python = await PythonSession.open(join(import.meta.dirname, 'digest_table.py'), options);
}, 600_000);
afterAll(async () => {
  await python[Symbol.asyncDispose]();
  store.close();
});

const digest = (reader: string, dir: string, ...more: string[]): Promise<Digest> =>
  python.ask<Digest>({ reader, path: dir, more });

/**
 * Every reader's digest of the copy, which has to be one.
 * @param hidden columns that DuckDB's extension shows as null
 */
async function alike(copy: LakeCopy, when: string, hidden: readonly string[]): Promise<Digest> {
  const [first, ...others] = READERS;
  const wanted = await digest(first, copy.dir);
  for (const reader of others) {
    const found = await digest(reader, copy.dir);
    const left = reader === 'duckdb' ? without(hidden, found) : found;
    const right = reader === 'duckdb' ? without(hidden, wanted) : wanted;
    expect({ when, reader, ...left }).toEqual({ when, reader, ...right });
  }
  return wanted;
}

function without(names: readonly string[], { rows, digest: digests }: Digest): Digest {
  return {
    rows,
    digest: Object.fromEntries(Object.entries(digests).filter(([name]) => !names.includes(name))),
  };
}

async function stateOf(root: string): Promise<TableState> {
  const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: randomUUID });
  return (table as DeltaTable).state;
}

const markedFiles = async (root: string): Promise<number> =>
  [...(await stateOf(root)).files.values()].filter(({ deletionVector }) => deletionVector !== undefined)
    .length;

test.each([
  { layout: 'in one folder', partitionBy: [] },
  // DuckDB's extension 1.5.5 shows partition columns as null once any column has another name, in tables of Spark's too.
  { layout: 'partitioned', partitionBy: ['kind'] },
])(
  'a state table with renamed columns and marked rows, $layout, is read alike by deltalake, DuckDB and Spark after each work of the keeper, and is written by Spark and the sink in turns',
  async ({ partitionBy }) => {
    await using pipeline = await PipelineUnderTest.create({
      name: `kept${partitionBy.length}`,
      tables: ['public.items'],
      source: { ddl: 'trigger', schemaChanges: true },
      tableSettings: {
        'public.items': {
          partitionBy,
          deletionVectors: true,
          retention: { silver: '400 days', column: 'day' },
        },
      },
    });
    pipeline.reconfigure({
      lake: {
        deletionVectors: { minFileBytes: 0, maxDeletedShare: 0.9 },
        tiers: { warm: { afterDays: 0, storageClass: 'STANDARD_IA' } },
      },
    });
    const root = `${pipeline.lakePrefix}/silver/public/items`;
    using copy = new LakeCopy(store, root);
    const hasivu = async (...words: string[]): Promise<Record<string, number>> => {
      const args = [MAIN, 'lake', ...words, '--json', '-f', pipeline.configPath];
      const env = { ...process.env, NODE_OPTIONS: '', HASIVU_STATE_DIR: copy.dir + '-state' };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      return JSON.parse(stdout) as Record<string, number>;
    };
    const asInPostgres = (): Promise<void> => pipeline.silverEventuallyEquals('public.items', ['id']);
    /** Sink and source take their turn: the changes are in silver, and every reader sees them there. */
    const ourTurn = async (when: string, ...changes: string[]): Promise<Digest> => {
      for (const change of changes) await pipeline.query(change);
      await pipeline.start('lake-sink');
      await asInPostgres();
      await pipeline.service('lake-sink').stop();
      await copy.pull();
      return await alike(copy, when, partitionBy);
    };
    /** Spark writes, Postgres gets the same, and the sink writes on over both. */
    const sparkTurn = async (when: string, statements: readonly (readonly [string, string])[]) => {
      const theirs = await digest('spark', copy.dir, statements.map(([spark]) => spark).join(';'));
      expect(await alike(copy, `${when}, by Spark`, partitionBy)).toEqual(theirs);
      await copy.push();
      return await ourTurn(`${when}, then by the sink`, ...statements.map(([, postgres]) => postgres));
    };
    const keptAlike = async (when: string): Promise<Digest> => {
      await copy.pull();
      return await alike(copy, when, partitionBy);
    };

    await pipeline.query(TABLE);
    await pipeline.query(FILL, [ROWS]);
    await pipeline.startAll();
    await asInPostgres();
    await pipeline.query('alter table items rename words to phrase; alter table items add note text');
    await pipeline.query(`update items set note = 'n' || id, phrase = null where id % 10 = 0`);
    await pipeline.query('delete from items where id % 11 = 0 or id between 3000 and 3100');
    await asInPostgres();
    await pipeline.service('lake-sink').stop();
    const { configuration } = (await stateOf(root)).metadata;
    expect(configuration['delta.columnMapping.mode']).toBe('name');
    expect(await markedFiles(root)).toBeGreaterThan(0);
    await copy.pull();
    await alike(copy, 'as the sink made it', partitionBy);
    const before = await sparkTurn('in the first turn', [
      [
        'UPDATE `t` SET phrase = concat(phrase, "!") WHERE id % 13 = 0',
        `update items set phrase = phrase || '!' where id % 13 = 0`,
      ],
      ['DELETE FROM `t` WHERE id % 17 = 0', 'delete from items where id % 17 = 0'],
      [
        'INSERT INTO `t` BY NAME SELECT * EXCEPT (id, small), id + 100000 AS id, cast(7 AS smallint) AS small FROM `t` WHERE id % 500 = 1',
        `insert into items (id, small, number, phrase, kind, instant, day, note) select id + 100000, 7, number, phrase, kind, instant, day, note from items where id % 500 = 1`,
      ],
    ]);

    const compacted = await hasivu('optimize', 'silver/public/items');
    expect(compacted['vectorsRemoved']).toBeGreaterThan(0);
    expect(await markedFiles(root)).toBe(0);
    expect(await keptAlike('compacted')).toEqual(before);

    // Each of the others marks rows of files that the keeper made.
    const marked = await sparkTurn('after compaction', [
      [
        'UPDATE `t` SET note = "spark" WHERE id % 19 = 0',
        `update items set note = 'spark' where id % 19 = 0`,
      ],
      ['DELETE FROM `t` WHERE id % 23 = 0', 'delete from items where id % 23 = 0'],
    ]);
    expect(await markedFiles(root)).toBeGreaterThan(0);

    const sorted = await hasivu('optimize', 'silver/public/items', '--zorder-by', 'small,phrase');
    expect(sorted['filesAdded']).toBeGreaterThan(0);
    expect(await keptAlike('in a Z-order')).toEqual(marked);
    await ourTurn('after the Z-order', 'update items set number = -number where id % 29 = 0');
    expect(await markedFiles(root)).toBeGreaterThan(0);

    await hasivu('retain', 'silver/public/items');
    const retained = await keptAlike('retained');
    const [young] = await pipeline.query<{ n: string }>(
      `select count(1) as n from items where day >= (now() at time zone 'utc')::date - 400`,
    );
    expect(retained.rows).toBe(Number(young?.n));

    const vacuumed = await hasivu(
      'vacuum',
      'silver/public/items',
      '--retain-hours',
      '0',
      '--unsafe-retention',
    );
    expect((await copy.pull()).length).toBe(vacuumed['deletedFiles']);
    expect(await alike(copy, 'vacuumed', partitionBy)).toEqual(retained);

    const { tables } = (await hasivu('tiers', 'silver/public/items')) as unknown as {
      readonly tables: readonly { readonly movedFiles: number }[];
    };
    expect(tables[0]?.movedFiles).toBeGreaterThan(0);
    using moved = new LakeCopy(store, root);
    await moved.pull();
    expect(await alike(moved, 'in another storage class', partitionBy)).toEqual(retained);

    await ourTurn(
      'at last',
      `delete from items where day < (now() at time zone 'utc')::date - 400`,
      `update items set phrase = 'last' where id % 31 = 0`,
    );
  },
  1_800_000,
);
