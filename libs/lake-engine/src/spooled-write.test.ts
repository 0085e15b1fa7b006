import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Engine } from './engine.ts';
import { text } from './engine-sql.ts';
import { writeSpooled } from './spooled-write.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spooled-write-'));
  engine = new Engine({ folder, memoryBytes: 32e6 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Rows with the texts that name their partitions; a file is what it holds, by its partition. */
async function written(rows: string, texts: readonly string[]) {
  return await engine.exclusively('writing', async (session) => {
    const split = {
      rows,
      sorted: `${rows} ORDER BY ${texts.join(', ')}, id`,
      texts,
      fileBytes: 2 ** 20,
      options: { codec: 'zstd' },
    } as const;
    const files = await writeSpooled(session, split, 'parts');
    const found = [];
    for (const { path, rows: count, partitionTexts } of files) {
      const [row] = await session.rows(
        `SELECT list(id::VARCHAR) AS ids, sum(length(big))::BIGINT AS size FROM read_parquet(${text(path)}, hive_partitioning = false)`,
      );
      const ids = (row?.['ids'] as string[]).sort((a, b) => Number(a) - Number(b));
      expect(ids.length).toBe(count);
      found.push({ at: texts.map((one) => partitionTexts.get(one) ?? null), ids, size: row?.['size'] });
    }
    expect(readdirSync(session.folder).filter((name) => name.endsWith('-spool'))).toEqual([]);
    return found;
  });
}

describe('rows that are split by way of a local file', () => {
  test('are in one file of each partition, however many partitions there are', async () => {
    const files = await written(
      `SELECT r AS id, md5(r::VARCHAR) AS big, (r % 700)::VARCHAR AS __p0 FROM range(7000) t(r)`,
      ['__p0'],
    );
    expect(new Set(files.map(({ at }) => at[0])).size).toBe(700);
    expect(files.length).toBe(700);
    for (const { at, ids } of files)
      expect(ids).toEqual(Array.from({ length: 10 }, (_, turn) => String(turn * 700 + Number(at[0]))));
  });

  test('may have no text, and more than one', async () => {
    const files = await written(
      `SELECT r AS id, '' AS big, CASE WHEN r % 3 = 0 THEN NULL ELSE 'it''s ' || r % 3 END AS __p0, CASE WHEN r % 50 = 0 THEN NULL ELSE (r % 50)::VARCHAR END AS __p1 FROM range(600) t(r)`,
      ['__p0', '__p1'],
    );
    const expected = new Map<string, string[]>();
    for (let r = 0; r < 600; r += 1) {
      const at = JSON.stringify([r % 3 === 0 ? null : `it's ${r % 3}`, r % 50 === 0 ? null : String(r % 50)]);
      expected.set(at, [...(expected.get(at) ?? []), String(r)]);
    }
    expect(new Map(files.map(({ at, ids }) => [JSON.stringify(at), ids]))).toEqual(expected);
  });

  test('may be too wide to be sorted', async () => {
    // In small steps: a single one would be as large as all of them.
    const steps = Array.from({ length: 24 }, (_, step) => `FROM range(${step * 10}, ${step * 10 + 10}) t(r)`);
    const wide = `SELECT r AS id, repeat(md5(r::VARCHAR), 16000) AS big, (r % 20)::VARCHAR AS __p0`;
    const rows = `SELECT * FROM (${steps.map((step) => `${wide} ${step}`).join(' UNION ALL ')})`;
    const files = await written(rows, ['__p0']);
    expect(new Set(files.map(({ at }) => at[0])).size).toBe(20);
    expect(files.flatMap(({ ids }) => ids.map(Number)).sort((a, b) => a - b)).toEqual([...Array(240).keys()]);
    expect(files.reduce((sum, { size }) => sum + Number(size), 0)).toBe(240 * 32 * 16_000);
    for (const { at, ids } of files) for (const id of ids) expect(String(Number(id) % 20)).toBe(at[0]);
  });

  test('may be none', async () => {
    expect(await written(`SELECT 1 AS id, '' AS big, 'a' AS __p0 WHERE false`, ['__p0'])).toEqual([]);
  });
});
