import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Engine } from './engine.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hasivu-engine-test-'));
  engine = new Engine({ folder, memoryBytes: 64 << 20 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

test('what a session made is gone for the next one: relations, marks and files', async () => {
  const path = await engine.exclusively('a test', async (session) => {
    await session.run('CREATE TEMP TABLE "na""me" AS SELECT 1 AS a');
    await session.run('CREATE TEMP VIEW over_it AS SELECT a FROM "na""me"');
    await session.markRows('/a.parquet', new Uint8Array([0, 0x80]));
    const [file] = await session.writeParquet('SELECT a FROM over_it', 'out', 1 << 20, [], { codec: 'zstd' });
    expect(file?.rows).toBe(1);
    expect(existsSync(file?.path ?? '')).toBe(true);
    return file?.path ?? '';
  });
  expect(existsSync(path)).toBe(false);
  const left = await engine.exclusively('a test', (session) =>
    session.rows(
      'SELECT table_name FROM duckdb_tables() WHERE temporary UNION ALL SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal',
    ),
  );
  expect(left).toEqual([]);
});

test('sessions take turns, also after one that failed', async () => {
  const steps: string[] = [];
  const first = engine.exclusively('a test', async (session) => {
    steps.push('first begins');
    await session.run('SELECT 1');
    steps.push('first ends');
    throw new TypeError('of the caller');
  });
  const second = engine.exclusively('a test', () => {
    steps.push('second begins');
    return Promise.resolve();
  });
  await expect(first).rejects.toThrow('of the caller');
  await second;
  expect(steps).toEqual(['first begins', 'first ends', 'second begins']);
});

test('an error of the engine names its kind and what was being done, and never a value', async () => {
  const failing = engine.exclusively('reading a secret', (session) =>
    session.rows(`SELECT CAST(x AS INTEGER) AS n FROM (VALUES ('hunter2')) t(x)`),
  );
  await expect(failing).rejects.toMatchObject({
    code: 'LAKE_MERGE_FAILED',
    message: expect.stringMatching(/reading a secret.*Conversion Error/s),
  });
  await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
});

test('rows of more than the memory are sorted through the disk', async () => {
  const rows = await engine.exclusively('a test', (session) =>
    session.writeParquet(
      `SELECT i, repeat(md5(i::VARCHAR), 8) AS t FROM range(600000) r(i) ORDER BY hash(i)`,
      'sorted',
      1 << 30,
      [],
      { codec: 'zstd' },
    ),
  );
  expect(rows.reduce((sum, file) => sum + file.rows, 0)).toBe(600_000);
});
