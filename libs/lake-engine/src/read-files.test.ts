import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnMapping, field, type DeltaStruct } from '@hasivu/delta';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHANGE_TYPE } from './change-files.ts';
import { Engine } from './engine.ts';
import { readFiles } from './read-files.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hasivu-read-files-'));
  engine = new Engine({ folder, memoryBytes: 64 << 20 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const mapped = (name: string, id: number, type: 'long' | 'string') =>
  field(name, type, { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': `col-${id}` });
const schema: DeltaStruct = {
  type: 'struct',
  fields: [mapped('id', 1, 'long'), mapped('text', 2, 'string'), mapped('place', 3, 'string')],
};

test('files of a mapping by id are read whatever their columns are called, also those that have a column without an id', async () => {
  const columns = ColumnMapping.of(schema, { 'delta.columnMapping.mode': 'id' });
  await engine.exclusively('a test', async (session) => {
    const write = async (query: string, name: string): Promise<string> => {
      const options = { codec: 'zstd', fieldIds: '{a: 1, b: 2}' } as const;
      const [file] = await session.writeParquet(query, name, 2 ** 30, [], options);
      return file?.path ?? '';
    };
    const plain = await write("SELECT 1::BIGINT AS a, 'x' AS b", 'plain');
    // As Spark writes rows that an update leaves as they are, where the table has a change feed.
    const more = await write("SELECT 2::BIGINT AS a, 'y' AS b, NULL::VARCHAR AS _change_type", 'more');
    const files = [{ partitionValues: { place: 'here' }, paths: [plain, more], columns }];
    const relation = readFiles(schema.fields, [{ name: 'place' }], files);
    const read = `SELECT id::INTEGER AS id, text, place, __row::INTEGER AS at, __file FROM ${relation} ORDER BY id`;
    expect(await session.rows(read)).toEqual([
      { id: 1, text: 'x', place: 'here', at: 0, __file: plain },
      { id: 2, text: 'y', place: 'here', at: 0, __file: more },
    ]);
  });
});

test.each(['File_Row_Number', '__row', '__file', 'column 1'])(
  'under a mapping by id a column that is stored as %s is not taken for what the engine adds',
  async (physicalName) => {
    const fields = [
      mapped('id', 1, 'long'),
      field('taken', 'long', {
        'delta.columnMapping.id': 2,
        'delta.columnMapping.physicalName': physicalName,
      }),
    ];
    const columns = ColumnMapping.of({ type: 'struct', fields }, { 'delta.columnMapping.mode': 'id' });
    await engine.exclusively('a test', async (session) => {
      const [file] = await session.writeParquet(
        `SELECT i::BIGINT AS "col-1", (9 - i)::BIGINT AS "${physicalName}" FROM range(3) q(i)`,
        `taken-${physicalName}`,
        2 ** 30,
        [],
        { codec: 'zstd', fieldIds: `{"col-1": 1, "${physicalName}": 2}` },
      );
      const path = file?.path ?? '';
      const read = async (partitions: readonly { readonly name: string }[]): Promise<unknown> => {
        const relation = readFiles(fields, partitions, [
          { partitionValues: { taken: '5' }, paths: [path], columns },
        ]);
        return session.rows(
          `SELECT id::INTEGER AS id, taken::INTEGER AS taken, __row::INTEGER AS at, __file FROM ${relation} ORDER BY id`,
        );
      };
      const rows = [0, 1, 2].map((id) => ({ id, taken: 9 - id, at: id, __file: path }));
      expect(await read([])).toEqual(rows);
      expect(await read([{ name: 'taken' }])).toEqual(rows.map((row) => ({ ...row, taken: 5 })));
    });
  },
);

test.each(['__row', '__FILE'])('a column %s is refused: rows would be marked by its values', (name) => {
  const fields = [mapped('id', 1, 'long'), { ...mapped('n', 2, 'long'), name }];
  expect(() => readFiles(fields, [], [])).toThrow(
    new RegExp(`LAKE_SCHEMA_INCOMPATIBLE while reading the column ${name} from files: reads tell rows apart`),
  );
});

test.each(['id', 'name', 'none'])(
  'change files under a mapping by %s say of each row what changed',
  async (mode) => {
    const columns = ColumnMapping.of(schema, { 'delta.columnMapping.mode': mode });
    await engine.exclusively('a test', async (session) => {
      // As Spark writes them: the type of a change has no id.
      const [id, words] = mode === 'none' ? ['id', 'text'] : ['"col-1"', '"col-2"'];
      const fieldIds = mode === 'none' ? '' : '{"col-1": 1, "col-2": 2}';
      const [file] = await session.writeParquet(
        `SELECT i::BIGINT AS ${id}, t AS ${words}, c AS _change_type FROM (VALUES (1, 'x', 'delete'), (2, NULL, 'insert')) v(i, t, c)`,
        'changes',
        2 ** 30,
        [],
        { codec: 'zstd', fieldIds },
      );
      const files = [{ partitionValues: { place: 'here' }, paths: [file?.path ?? ''], columns }];
      const relation = readFiles(schema.fields, [{ name: 'place' }], files, [CHANGE_TYPE]);
      const rows = await session.rows(
        `SELECT id::INTEGER AS id, text, place, _change_type, __row::INTEGER AS at FROM ${relation} ORDER BY id`,
      );
      expect(rows).toEqual([
        { id: 1, text: 'x', place: 'here', _change_type: 'delete', at: 0 },
        { id: 2, text: null, place: 'here', _change_type: 'insert', at: 1 },
      ]);
    });
  },
);

test.each([
  ['one value', [['a'], ['a']]],
  ['several values', [['a'], ['b'], [null], ["it's"]]],
] as const)('columns that name the partition are those of each file’s partition: %s', async (_, values) => {
  const fields = [field('n', 'integer'), field('place', 'string'), field('__path', 'string')];
  const partitions = [{ name: 'place' }, { name: '__path' }];
  await engine.exclusively('a test', async (session) => {
    const files = [];
    for (const [n, [place]] of values.entries()) {
      const [file] = await session.writeParquet(`SELECT ${n}::INTEGER AS n`, `p${n}`, 2 ** 30, [], {
        codec: 'zstd',
      });
      const partitionValues = { place: place ?? null, __path: place === null ? 'x' : null };
      files.push({ partitionValues, paths: [file?.path ?? ''], columns: ColumnMapping.NONE });
    }
    const relation = readFiles(fields, partitions, files);
    const rows = await session.rows(
      `SELECT n, place, __path AS path, __row::INTEGER AS at FROM ${relation} ORDER BY n`,
    );
    expect(rows).toEqual(
      values.map(([place], n) => ({ n, place, path: place === null ? 'x' : null, at: 0 })),
    );
    const some = await session.rows(`SELECT n FROM ${relation} WHERE place = 'a' ORDER BY n`);
    expect(some.length).toBe(values.filter(([place]) => place === 'a').length);
  });
});
