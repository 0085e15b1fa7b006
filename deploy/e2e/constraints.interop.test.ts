import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DeltaTable, field } from '@hasivu/delta';
import { MemoryStore } from '@hasivu/object-store';
import { python } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

let jars: string;
let table: string;
beforeAll(async () => {
  jars = mkdtempSync(join(tmpdir(), 'hasivu-jars-'));
  table = mkdtempSync(join(tmpdir(), 'hasivu-constraints-'));
  const pom = join(import.meta.dirname, 'spark', 'pom.xml');
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  await promisify(execFile)('mvn', ['-q', '-B', '-f', pom, ...goal]);
});
afterAll(() => {
  for (const dir of [jars, table]) rmSync(dir, { recursive: true });
});

/** Rows of the table after Spark ran the statement on it. */
async function sparkRuns(statement: string): Promise<number> {
  const script = join(import.meta.dirname, 'digest_table.py');
  const args = ['spark', table, jars, statement];
  const answer = await python(script, args, { requirements: 'requirements-interop.txt' });
  return (JSON.parse(answer) as { readonly rows: number }).rows;
}

test('Spark holds its rows against a CHECK constraint of a table of ours: it refuses one that breaks it and takes one that does not', async () => {
  const store = new MemoryStore();
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const configuration = { 'delta.constraints.known_status': "status IN ('new', 'paid')" };
  const fields = [field('id', 'long'), field('status', 'string')];
  await DeltaTable.create('t', { schema: { type: 'struct', fields }, configuration }, around);
  for await (const { key } of store.list('t/')) {
    const path = join(table, key.slice(2));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, (await store.get(key)) as Uint8Array);
  }
  await expect(sparkRuns("INSERT INTO `t` VALUES (1, 'lost')")).rejects.toThrow(/known_status/u);
  await expect(sparkRuns('INSERT INTO `t` VALUES (2, NULL)')).rejects.toThrow(/known_status/u);
  expect(await sparkRuns("INSERT INTO `t` VALUES (3, 'paid')")).toBe(1);
}, 900_000);
