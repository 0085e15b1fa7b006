import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { field, GENERATION_EXPRESSION, schemaString } from '@hasivu/delta';
import { GeneratedBench, type SourceColumn } from '../../test/generated-bench.ts';

let bench: GeneratedBench;
beforeAll(async () => {
  bench = await GeneratedBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

const A: SourceColumn = [2, 'a', 'integer'];
const B: SourceColumn = [3, 'b', 'integer'];

test.each([
  ['a * a', '(0.1::FLOAT * 0.1::FLOAT)::FLOAT', '0.010000000298023226', 'double := a * a'],
  ['a * a = b', '(0.1::FLOAT * 0.1::FLOAT) = 0.01::FLOAT', 'false', 'boolean := (a * a) = b'],
])('%s is computed anew when real becomes double precision', async (expression, had, has, generation) => {
  const table = await bench.table();
  table.configure({ g: expression });
  await table.send([2, 'a', 'float'], [3, 'b', 'float']);
  await table.insert({ id: '1', a: '0.1::FLOAT', b: '0.01::FLOAT', g: had });
  await table.send([2, 'a', 'double'], [3, 'b', 'double']);
  expect(await table.rows()).toMatchObject([{ a: '0.10000000149011612', g: has }]);
  expect(table.generation('g')).toBe(generation);
});

test('a generated column of another engine is computed anew too where its type allows, and else nothing changes', async () => {
  const table = await bench.table();
  await table.send([2, 'a', 'float'], [3, 'b', 'float']);
  const own = (name: string, type: string, expression: string): ReturnType<typeof field> =>
    field(name, type, { [GENERATION_EXPRESSION]: expression });
  const fields = table.state.schema?.fields ?? [];
  await table.declare([...fields, own('g', 'boolean', 'a * a = b')]);
  await table.insert({ id: '1', a: '0.1::FLOAT', b: '0.01::FLOAT', g: 'true' });
  await table.send([2, 'a', 'double'], [3, 'b', 'double']);
  expect(await table.rows()).toMatchObject([{ a: '0.10000000149011612', g: 'false' }]);

  await table.send([2, 'a', 'double'], [3, 'b', 'double'], [4, 'n', 'integer']);
  await table.declare([...(table.state.schema?.fields ?? []), own('twice', 'integer', 'n * 2')]);
  const before = table.log.delta.state.version;
  await expect(table.send([2, 'a', 'double'], [3, 'b', 'double'], [4, 'n', 'long'])).rejects.toMatchObject({
    code: 'LAKE_CONSTRAINT_UNENFORCED',
    message: expect.stringContaining('twice') as unknown,
  });
  expect(table.log.delta.state.version).toBe(before);
});

test('whole numbers in a wider type change no row for those who read changes', async () => {
  const table = await bench.table({ feed: 'on' });
  table.configure({ g: 'a + 1' });
  await table.send(A, B);
  await table.insert({ id: '1', a: '5', b: '900', g: '6' });
  await table.send([2, 'a', 'long'], B);
  expect(await table.rows()).toMatchObject([{ a: '5', g: '6' }]);
  expect(table.generation('g')).toBe('long := a + 1');
  expect(await table.feed('g')).toEqual([]);
});

test('values of another expression are held by CHECK constraints before they are there, and a column that one names stays', async () => {
  const table = await bench.table();
  const size = (large: string): Record<string, string> => ({
    g: `CASE WHEN a > 1 THEN '${large}' ELSE 'small' END`,
  });
  table.configure(size('large'));
  await table.send(A, B);
  await table.insert({ id: '1', a: '5', b: '900', g: "'large'" });
  await table.insert({ id: '2', a: '0', b: '900', g: "'small'" });
  const check = { 'delta.constraints.size': "g IN ('large', 'small', 'huge')" };
  await table.declare(table.state.schema?.fields ?? [], check);
  const before = table.state.delta.state.version;

  table.configure(size('big'));
  await expect(table.send(A, B)).rejects.toMatchObject({
    code: 'LAKE_CONSTRAINT_BROKEN',
    message: expect.stringContaining('1 recomputed row breaks "size"') as unknown,
  });
  table.configure({});
  await expect(table.send(A, B)).rejects.toMatchObject({
    code: 'LAKE_SCHEMA_INCOMPATIBLE',
    message: expect.stringContaining('delta.constraints.size names it') as unknown,
  });
  expect(table.state.delta.state.version).toBe(before);

  table.configure(size('huge'));
  await table.send(A, B);
  expect(await table.rows()).toMatchObject([{ g: 'huge' }, { g: 'small' }]);
});

/** By what happened: onDrop, the next columns, what the row has then. */
test.each([
  ['swap their names', 'drop', [3, 'a', 'integer'], [2, 'b', 'integer'], { a: '900', b: '5', g: '901' }],
  ['one replaces the other', 'drop', [3, 'a', 'integer'], null, { a: '900', g: '901' }],
  [
    'one replaces the other, which is kept',
    'keep',
    [3, 'a', 'integer'],
    null,
    { a: '900', a_was_2: '5', g: '901' },
  ],
  ['one is dropped and added again', 'drop', [4, 'a', 'long'], B, { a: null, b: '900', g: null }],
] as const)(
  'columns of an expression: %s (onDrop %s): bronze and silver follow, and it is computed anew',
  async (_what, onDrop, first, second, row) => {
    const table = await bench.table({ onDrop });
    table.configure({ g: 'a + 1' });
    await table.send(A, B);
    await table.insert({ id: '1', a: '5', b: '900', g: '6' });
    const next = (second === null ? [first] : [first, second]) as readonly SourceColumn[];
    await table.send(...next);
    expect(await table.rows()).toEqual([{ id: '1', ...row }]);
    expect(table.names(table.log)).toContain('a');
    expect(table.log.columnsAt).toEqual(table.state.columnsAt);
    const files = [...table.state.delta.state.files.keys()];
    table.configure({ g: 'a + 1' });
    await table.send(...next);
    expect([...table.state.delta.state.files.keys()]).toEqual(files);
  },
);

test.each([
  ["CASE WHEN a > 1 THEN 'b' END", "'b'"],
  ['CASE WHEN a > 1 THEN 1 END', '1'],
])('a column that %s does not name may be renamed and dropped', async (expression, value) => {
  const table = await bench.table();
  table.configure({ g: expression });
  await table.send(A, [3, 'end', 'integer'], [4, 'b', 'integer']);
  await table.insert({ id: '1', a: '5', end: '1', b: '2', g: value });
  const files = [...table.state.delta.state.files.keys()];
  await table.send(A, [4, 'c', 'integer']);
  expect(await table.rows()).toEqual([{ id: '1', a: '5', c: '2', g: value.replaceAll("'", '') }]);
  expect([...table.state.delta.state.files.keys()]).toEqual(files);
});

test('a rename that a CHECK constraint rules out changes neither bronze nor silver', async () => {
  const table = await bench.table();
  table.configure({ g: 'a + 1' });
  await table.send(A, B);
  await table.declare(table.state.schema?.fields ?? [], { 'delta.constraints.c': 'b > 1' });
  const { version } = table.log.delta.state;
  await expect(table.send(A, [3, 'c', 'integer'])).rejects.toMatchObject({
    code: 'LAKE_SCHEMA_INCOMPATIBLE',
  });
  expect(table.log.delta.state.version).toBe(version);
});

test('a column with the metadata of a generated one, under a protocol that knows of none, is given, also beside one of a setting', async () => {
  const table = await bench.table();
  await table.send(A, B);
  await table.insert({ id: '1', a: '5', b: '900' });
  const { metadata, schema } = table.state.delta.state;
  const fields = schema.fields.map((own) =>
    own.name === 'b' ? { ...own, metadata: { ...own.metadata, [GENERATION_EXPRESSION]: 'a + 1' } } : own,
  );
  await table.commit([{ metaData: { ...metadata, schemaString: schemaString({ type: 'struct', fields }) } }]);
  table.configure({ g: 'b + 1' });
  await table.send(A, B);
  expect(await table.rows()).toEqual([{ id: '1', a: '5', b: '900', g: '901' }]);
  expect([table.generation('b'), table.generation('g')]).toEqual(['integer := given', 'integer := b + 1']);
});

/** By the next columns and setting: what readers of changes are told of the one row. */
test.each([
  ['another expression', [A, B], 'a + 2', ['update_postimage 7', 'update_preimage 6']],
  ['a wider type', [A, B], 'CAST(a AS BIGINT) + 2', ['update_postimage 7', 'update_preimage 6']],
  ['another type', [A, B], 'a > 2', ['update_postimage true', 'update_preimage null']],
  [
    'names that change hands',
    [
      [3, 'a', 'integer'],
      [2, 'b', 'integer'],
    ],
    'a + 1',
    ['update_postimage 901', 'update_preimage 6'],
  ],
  ['names and an expression', [[3, 'a', 'integer']], 'a + 2', ['update_postimage 902', 'update_preimage 6']],
] as const)('the change feed tells what a row had and has: %s', async (_what, columns, setting, told) => {
  const table = await bench.table({ feed: 'on' });
  table.configure({ g: 'a + 1' });
  await table.send(A, B);
  await table.insert({ id: '1', a: '5', b: '900', g: '6' });
  table.configure({ g: setting });
  await table.send(...(columns as readonly SourceColumn[]));
  expect(await table.feed('g')).toEqual(told);
});

test('the same expression in other blanks changes the metadata alone', async () => {
  const table = await bench.table({ feed: 'on' });
  table.configure({ g: 'a + 1' });
  await table.send(A, B);
  await table.insert({ id: '1', a: '5', b: '900', g: '6' });
  const { version, files } = table.state.delta.state;
  const before = [...files.keys()];
  table.configure({ g: '(A+1)' });
  await table.send(A, B);
  expect([...table.state.delta.state.files.keys()]).toEqual(before);
  expect(await table.feed('g')).toEqual([]);
  table.configure({ g: '(A+1)' });
  await table.send(A, B);
  expect(table.state.delta.state.version).toBe(version + 1);
});
