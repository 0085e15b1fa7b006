import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { spawnService, testDatabase, uniqueName, waitFor } from '@hasivu/testing';

import { ProcessorUnderTest, type Cells } from './processor-under-test.ts';

/** Apply a curated topic by key, as a consumer does: an unavailable value is the one it already has. */
test('the curated topic of a real table is the table, filtered and transformed by Postgres itself', async () => {
  await using database = await testDatabase('curated');
  await using processor = await ProcessorUnderTest.create('curated');
  await database.query(
    `CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(12,2), status text, doc text, at timestamptz, tags int[], extra jsonb)`,
  );
  await database.query('ALTER TABLE orders ALTER COLUMN doc SET STORAGE EXTERNAL');
  // With the default identity a row that comes back through the filter would come without its unchanged doc.
  await database.query('ALTER TABLE orders REPLICA IDENTITY FULL');
  const pipelines = `
source:
  postgres: { url: ${JSON.stringify(database.url)}, tables: ["public.orders"], publication: cur, slot: ${uniqueName('cur')} }
pipelines:
  - name: real
    from: ["public.orders"]
    steps:
      - cast: { column: at, to: date }
      - derive: { column: gross, expr: "round(total * 1.18, 2)" }
      - derive: { column: label, expr: "upper(status) || '-' || id" }
      - filter: { expr: "status <> 'void' and total > 0" }
    to: orders
`;
  const path = join(mkdtempSync(join(tmpdir(), 'curated-')), 'hasivu.yaml');
  const { brokers, registry, prefix } = processor.topics;
  writeFileSync(
    path,
    `version: 1\nkafka: { brokers: ${JSON.stringify(brokers)}, registry: ${JSON.stringify(registry)}, prefix: ${prefix}, topics: { partitions: 3 } }\n${pipelines}`,
  );
  const insert = `INSERT INTO orders SELECT g, (g % 70) - 5 + 0.25, (ARRAY['open','paid','void'])[g % 3 + 1], repeat(md5(g::text), 200),
    now() - g * interval '1 hour', ARRAY[g, NULL, 2], jsonb_build_object('n', g) FROM generate_series($1::int, $2::int) g`;
  await database.query(insert, [1, 300]);
  await using source = await spawnService('cdc-source', path);
  await source.waitReady();
  await using service = await spawnService('stream-processor', path);
  await service.waitReady();
  await database.query(insert, [301, 600]);
  await database.query(`UPDATE orders SET status = 'void' WHERE id % 7 = 0`);
  await database.query(`UPDATE orders SET status = 'open', total = total + 100 WHERE id % 11 = 0`);
  await database.query(`UPDATE orders SET doc = 'short' WHERE id % 13 = 0`);
  await database.query(`DELETE FROM orders WHERE id % 17 = 0`);

  const expected = await database.query<{ row: string }>(`
    SELECT jsonb_build_array(id::text, total::text, status, md5(doc), (at AT TIME ZONE 'UTC')::date - '1970-01-01'::date,
      round(total * 1.18, 2)::text, upper(status) || '-' || id)::text AS row
    FROM orders WHERE status <> 'void' AND total > 0 ORDER BY id`);
  const { createHash } = await import('node:crypto');
  const money = (value: unknown, scale: number): string => {
    const text = String(value).padStart(scale + 1, '0');
    return `${text.slice(0, -scale)}.${text.slice(-scale)}`;
  };
  await waitFor(
    'the curated state to be the filtered table',
    async () => {
      const state = new Map<bigint, Cells>();
      const events = await processor.curated('real', 'orders');
      const inOrder = events
        .filter((event) => event.op !== null)
        .sort((a, b) => (a.commitLsn === b.commitLsn ? a.seq - b.seq : a.commitLsn < b.commitLsn ? -1 : 1));
      for (const event of inOrder) {
        const id = event.key?.['id'] as bigint;
        if (event.op === 'd') state.delete(id);
        else {
          const known = state.get(id) ?? {};
          const kept = Object.fromEntries(event.unavailable.map((name) => [name, known[name] ?? null]));
          state.set(id, { ...event.after, ...kept });
        }
      }
      const rows = [...state.values()]
        .sort((a, b) => Number((a['id'] as bigint) - (b['id'] as bigint)))
        .map((row) => [
          String(row['id']),
          money(row['total'], 2),
          row['status'],
          row['doc'] === null
            ? null
            : createHash('md5')
                .update(row['doc'] as string)
                .digest('hex'),
          row['at'],
          money(row['gross'], 2),
          row['label'],
        ]);
      expect(rows).toEqual(expected.map(({ row }) => JSON.parse(row) as unknown));
      return true;
    },
    { timeoutMs: 40_000 },
  );
}, 120_000);
