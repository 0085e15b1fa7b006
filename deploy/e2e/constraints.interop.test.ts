import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DeltaTable, field } from '@hasivu/delta';
import { MemoryStore } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { python } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import { LakeCopy } from './lake-copy.ts';

/** Rows of the table after Spark ran the statement on it. */
async function sparkRuns(statement: string, table: string): Promise<number> {
  const script = join(import.meta.dirname, 'digest_table.py');
  const args = ['spark', table, await sparkJars(() => undefined), statement];
  const answer = await python(script, args, { requirements: 'requirements-interop.txt' });
  return (JSON.parse(answer) as { readonly rows: number }).rows;
}

test('Spark holds its rows against a CHECK constraint of a table of ours: it refuses one that breaks it and takes one that does not', async () => {
  const store = new MemoryStore();
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const configuration = { 'delta.constraints.known_status': "status IN ('new', 'paid')" };
  const fields = [field('id', 'long'), field('status', 'string')];
  await DeltaTable.create('t', { schema: { type: 'struct', fields }, configuration }, around);
  using copy = await LakeCopy.of(store, 't');
  await expect(sparkRuns("INSERT INTO `t` VALUES (1, 'lost')", copy.dir)).rejects.toThrow(/known_status/u);
  await expect(sparkRuns('INSERT INTO `t` VALUES (2, NULL)', copy.dir)).rejects.toThrow(/known_status/u);
  expect(await sparkRuns("INSERT INTO `t` VALUES (3, 'paid')", copy.dir)).toBe(1);
}, 900_000);
