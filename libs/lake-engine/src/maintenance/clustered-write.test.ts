import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ColumnMapping, field } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { Engine, type EngineFile, type EngineSession } from '../index.ts';
import { writeClustered } from './clustered-write.ts';

const STORED = [field('id', 'long'), field('tenant', 'integer'), field('words', 'string')];
let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hasivu-clustered-'));
  engine = new Engine({ folder, memoryBytes: 64e6 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Rows of tenants, one of which has a share of them, some of which have none. */
interface Case {
  readonly rows: number;
  readonly tenants: number;
  readonly heavyShare: number;
  readonly parts: number;
  readonly isOverBoth: boolean;
}

const relation = ({ rows, tenants, heavyShare }: Case): string =>
  `(SELECT i::BIGINT AS id, CASE WHEN i % 97 = 5 THEN NULL WHEN hash(i, 1) % 100 < ${heavyShare} THEN 7 ELSE (hash(i) % ${tenants})::INTEGER END AS tenant, md5(i::VARCHAR) AS words FROM range(${rows}) r(i))`;

function write(session: EngineSession, one: Case, name: string): Promise<EngineFile[]> {
  const rows = {
    relation: relation(one),
    stored: STORED,
    clusterBy: one.isOverBoth ? ['tenant', 'words'] : ['tenant'],
    columns: ColumnMapping.NONE,
    bytes: 1 << 20,
    targetBytes: 1 << 20,
  };
  return writeClustered(session, rows, name, { codec: 'zstd' }, (1 << 20) / one.parts);
}

test('cut into parts or not, the same rows are written, and no tenant but those at a cut is in two parts', async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 0, max: 4_000 }),
    tenants: fc.integer({ min: 1, max: 300 }),
    heavyShare: fc.constantFrom(0, 13, 100),
    parts: fc.integer({ min: 1, max: 9 }),
    isOverBoth: fc.boolean(),
  });
  await checkProperty(
    fc.asyncProperty(cases, async (one) => {
      await engine.exclusively('writing parts', async (session) => {
        const files = await write(session, one, 'out');
        const list = files.map(({ path }) => `'${path}'`).join(', ');
        const wanted = `SELECT id, tenant, words FROM ${relation(one)}`;
        if (files.length === 0) return expect(one.rows).toBe(0);
        // All that is in them: a column too many would be one.
        const found = `SELECT * FROM read_parquet([${list}], hive_partitioning = false)`;
        const [unlike] = await session.rows(
          `SELECT count(1) AS n FROM ((${wanted} EXCEPT ALL ${found}) UNION ALL (${found} EXCEPT ALL ${wanted}))`,
        );
        expect(unlike).toEqual({ n: '0' });
        expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(one.rows);
        if (one.isOverBoth) return;
        const [split] = await session.rows(
          `SELECT count(1) AS n FROM (SELECT tenant FROM read_parquet([${list}], filename = true) GROUP BY tenant HAVING count(DISTINCT filename) > 1)`,
        );
        expect(Number(split?.['n'])).toBeLessThanOrEqual(Math.max(0, files.length - 1));
      });
    }),
    { runs: 40 },
  );
}, 120_000);

test('more than is sorted at once becomes several files, in the order of the curve', async () => {
  const one = { rows: 20_000, tenants: 200, heavyShare: 13, parts: 6, isOverBoth: false };
  await engine.exclusively('writing parts', async (session) => {
    const files = await write(session, one, 'out');
    expect(files.length).toBeGreaterThan(4);
    const bounds = files.map(({ columns }) =>
      ['min', 'max'].map((name) => Number(columns.get('"tenant"')?.get(name))),
    );
    for (const [at, [least = 0]] of bounds.entries())
      if (at > 0) expect(least).toBeGreaterThanOrEqual(bounds[at - 1]?.[1] ?? 0);
  });
});
