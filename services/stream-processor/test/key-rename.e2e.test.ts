import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { ProcessorUnderTest, type Cells } from './processor-under-test.ts';

const column = (name: string, number: number, kind: 'int32' | 'int64' = 'int32'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind === 'int32' ? 'integer' : 'bigint',
  origin: `7.${number}`,
});

/** A table of the same columns under other names, the first two of them its key. */
function named(...columns: readonly ColumnSchema[]): TableSchema {
  const key = columns.slice(0, 2).map(({ name }) => name);
  return { database: 'test', schema: 'public', table: 'parts', columns, key };
}

const N = column('n', 3);
const BEFORE = named(column('plant', 1), column('id', 2), N);
const AFTER = named(column('plant', 1), column('code', 2), N);
const IDS = Array.from({ length: 12 }, (_, i) => i);

let processor: ProcessorUnderTest;

beforeEach(async () => {
  processor = await ProcessorUnderTest.create('keyrename');
  await processor.define(BEFORE);
});

afterEach(async () => {
  await processor[Symbol.asyncDispose]();
});

/** The rows in the end as lists of values, by the values of their keys, each of which has one partition. */
async function settledRows(pipeline: string): Promise<string[]> {
  const rows = new Map<string, string>();
  const partitions = new Map<string, number>();
  const values = (cells: Cells | null): string => Object.values(cells ?? {}).join('/');
  // Of a key in the order of its partition.
  for (const { key, partition, op, after } of await processor.curated(pipeline, 'all')) {
    const text = values(key);
    expect([text, partitions.get(text) ?? partition]).toEqual([text, partition]);
    partitions.set(text, partition);
    if (after === null) rows.delete(text);
    else if (op !== null) rows.set(text, values(after));
  }
  expect(new Set(partitions.values()).size).toBeGreaterThan(1);
  return [...rows.values()].sort();
}

async function keyFields(pipeline: string): Promise<string[][]> {
  const schemas = await processor.registry.versions(`${processor.names.curated(pipeline, 'all')}-key`);
  return schemas.map((schema) => {
    const { fields } = JSON.parse(schema) as { fields: { name: string; aliases?: string[] }[] };
    return fields.map(({ name, aliases = [] }) => [name, ...aliases].join('|'));
  });
}

test('a key column that is renamed upstream is renamed in curated keys, whose rows stay where they are', async () => {
  const pipelines = `
pipelines:
  - { name: passing, from: [public.parts], steps: [ { filter: { expr: "n >= 0" } } ], to: all }
  - { name: widening, from: [public.parts], steps: [ { cast: { column: plant, to: bigint } } ], to: all }
`;
  const service = await processor.start(pipelines);
  await processor.write(
    BEFORE,
    IDS.map((id) => ({ op: 'c', after: { plant: 1, id, n: 0 } }) as const),
  );
  await processor.define(AFTER);
  await processor.write(AFTER, [
    { op: 'u', after: { plant: 1, code: 0, n: 1 } },
    { op: 'd', before: { plant: 1, code: 1 } },
    { op: 'u', after: { plant: 1, code: 2, n: -1 } },
  ]);
  // A change of before, from a partition that was behind.
  await processor.write(BEFORE, [{ op: 'u', after: { plant: 1, id: 3, n: 3 } }]);
  await processor.caughtUp(AFTER);
  await service.stop();
  await processor.write(AFTER, [{ op: 'd', before: { plant: 1, code: 4 } }]);
  await (await processor.start(pipelines)).waitReady();
  await processor.caughtUp(AFTER);
  const rest = IDS.filter((id) => id > 4).map((id) => `1/${id}/0`);
  expect(await settledRows('passing')).toEqual(['1/0/1', '1/3/3', ...rest].sort());
  expect(await settledRows('widening')).toEqual(['1/0/1', '1/2/-1', '1/3/3', ...rest].sort());
  for (const pipeline of ['passing', 'widening'])
    expect(await keyFields(pipeline)).toEqual([
      ['plant', 'id'],
      ['plant', 'code|id'],
    ]);
}, 120_000);

test('a key column that a pipeline calls otherwise from now on is renamed in its keys', async () => {
  const pipelines = (to: string): string => `
pipelines:
  - { name: renaming, from: [public.parts], steps: [ { rename: { from: id, to: ${to} } } ], to: all }
`;
  const service = await processor.start(pipelines('number'));
  await processor.write(
    BEFORE,
    IDS.map((id) => ({ op: 'c', after: { plant: 1, id, n: 0 } }) as const),
  );
  await processor.caughtUp(BEFORE);
  await service.stop();
  await processor.write(
    BEFORE,
    IDS.slice(0, 6).map((id) => ({ op: 'd', before: { plant: 1, id } }) as const),
  );
  await processor.start(pipelines('nr'));
  await processor.caughtUp(BEFORE);
  expect(await settledRows('renaming')).toEqual(
    IDS.slice(6)
      .map((id) => `1/${id}/0`)
      .sort(),
  );
  expect(await keyFields('renaming')).toEqual([
    ['plant', 'number'],
    ['plant', 'nr|number'],
  ]);
}, 120_000);

test('a step that names a key column as it was called before stops the service and says which, as of any column', async () => {
  const service = await processor.start(`
pipelines:
  - { name: naming, from: [public.parts], steps: [ { cast: { column: id, to: bigint } } ], to: all }
`);
  await processor.define(AFTER);
  await processor.write(AFTER, [{ op: 'c', after: { plant: 1, code: 0, n: 1 } }]);
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(/PIPELINE_STEP_INVALID.*"naming".*no column \\?"id\\?"/);
}, 60_000);
