import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaTable, field, type AddFile } from '@hasivu/delta';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { Engine } from '../engine.ts';
import { choosePartitions } from './partition-choice.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'partition-choice-'));
  engine = new Engine({ folder, memoryBytes: 100e6 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const FIELDS = [
  field('day', 'date'),
  field('n', 'integer'),
  field('odd "name', 'string'),
  field('id', 'long'),
];
type Partition = readonly [day: string | null, n: string | null, odd: string | null];
const EMPTY: Partition = [null, null, null];

/** A table with a file in each of the partitions. */
async function tableOf(mode: 'none' | 'name', ...partitions: readonly Partition[]): Promise<DeltaTable> {
  const table = await DeltaTable.create(
    'bronze/public/orders',
    {
      schema: { type: 'struct', fields: FIELDS },
      partitionColumns: FIELDS.slice(0, 3).map(({ name }) => name),
      configuration: mode === 'none' ? {} : { 'delta.columnMapping.mode': mode },
    },
    { store: new MemoryStore(), nowMs: Date.now, newId: randomUUID },
  );
  const actions = partitions.map(([day, n, odd], at) => {
    const partitionValues = table.state.columns.storedValues({ day, n, 'odd "name': odd });
    return { add: { path: `f${at}`, partitionValues, size: 1, modificationTime: 1, dataChange: true } };
  });
  await table.commit({ actions, operation: 'WRITE' });
  return table;
}

async function taken(table: DeltaTable, predicate: string): Promise<string[]> {
  const choice = await choosePartitions(engine, table, predicate);
  expect(choice.predicate).toBe(predicate);
  const takes = await choice.takesIn(table.state);
  return [...table.state.files.values()].filter((file: AddFile) => takes(file)).map(({ path }) => path);
}

test.each([
  ["day = '2026-01-02'", true],
  ["day >= '2026-01-01' AND day < '2026-01-02'", false],
  ["DAY<'2026-01-03' and n >= 9", true],
  // As a number, not as text.
  ['n < 9', false],
  ['n <> 10', false],
  ['"odd ""name" = \'a and b\'', true],
  ['"odd ""name" != \'it\'\'s\'', true],
  ['day is null', false],
  ['n is not null and day is not null', true],
  ["day = '1999-01-01' OR n IN (9, 10)", true],
  ["date_trunc('month', day) = DATE '2026-01-01' AND \"odd \"\"name\" LIKE 'a%'", true],
])('%s', async (predicate, isTaken) => {
  for (const mode of ['none', 'name'] as const) {
    const table = await tableOf(mode, ['2026-01-02', '10', 'a and b'], EMPTY);
    const found = await taken(table, predicate);
    expect(found.includes('f0')).toBe(isTaken);
  }
});

test('a partition without a value is in no comparison', async () => {
  const table = await tableOf('none', EMPTY);
  for (const predicate of ['n = 1', 'n != 1', 'n < 1', 'n >= 1'])
    expect(await taken(table, predicate)).toEqual([]);
  expect(await taken(table, 'n is null')).toEqual(['f0']);
});

test('every partition is asked about, however many there are', async () => {
  const many = Array.from({ length: 2_345 }, (_, n): Partition => ['2026-01-02', String(n), 'x']);
  const found = await taken(await tableOf('none', ...many), 'n % 2 = 0');
  expect(found).toHaveLength(1_173);
});

test.each(['', 'day', 'id = 1', "day = 'x", 'day = 1; drop table x', 'n = 1 and', 'random() < n'])(
  '%j is refused, with the names of the partitions',
  async (predicate) => {
    await expect(choosePartitions(engine, await tableOf('none', EMPTY), predicate)).rejects.toMatchObject({
      code: 'LAKE_CHOICE_INVALID',
      why: expect.stringContaining('named by day, n, odd "name'),
    });
  },
);
