import { describe, expect, test } from '@jest/globals';
import { parquetMetadata } from 'hyparquet';
import { surroundings } from '../../test/surroundings.ts';
import {
  arrayOf,
  compressZstd,
  DeltaTable,
  dropColumn,
  field,
  mapColumns,
  ParquetFile,
  parquetNodes,
  renameColumn,
  schemaString,
  unmappedField,
  upgradedProtocol,
  withColumnIds,
  type DeltaField,
  type DeltaStruct,
  type Metadata,
} from '../index.ts';

const struct = (...fields: DeltaField[]): DeltaStruct => ({ type: 'struct', fields });
const FIELDS = [
  field('id', 'long'),
  field('day', 'date'),
  field('place', struct(field('city', 'string'), field('zip', 'integer'))),
  field('tags', arrayOf(struct(field('k', 'string')))),
];
const NESTED = {
  type: 'map',
  keyType: 'string',
  valueType: struct(field('v', 'long')),
  valueContainsNull: true,
} as const;

async function tableOf(fields: readonly DeltaField[], partitionColumns: string[] = [], configuration = {}) {
  const definition = { schema: struct(...fields), partitionColumns, configuration };
  return DeltaTable.create('t', definition, surroundings());
}

async function change(table: DeltaTable, next: (metadata: Metadata) => Metadata): Promise<void> {
  const { metadata, protocol, schema } = table.state;
  const metaData = next(metadata);
  const upgraded = upgradedProtocol(protocol, schema, metaData.configuration);
  const actions = [{ metaData }, ...(upgraded === null ? [] : [{ protocol: upgraded }])];
  await table.commit({ actions, operation: 'CHANGE COLUMNS' });
}

const names = (table: DeltaTable): string[] => table.state.schema.fields.map(({ name }) => name);
const stored = (table: DeltaTable, name: string): string => table.state.columns.storedName(name);

describe('a table with data comes to a mapping', () => {
  test('by which columns keep the names that files have, each with an id, nested ones too', async () => {
    const table = await tableOf([...FIELDS, field('m', NESTED)], ['day']);
    expect(table.state.protocol.minReaderVersion).toBe(1);
    await change(table, mapColumns);
    expect(table.state.protocol).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['columnMapping'],
      writerFeatures: ['appendOnly', 'invariants', 'columnMapping'],
    });
    expect(table.state.metadata.configuration).toEqual({
      'delta.columnMapping.mode': 'name',
      'delta.columnMapping.maxColumnId': '9',
    });
    const text = table.state.metadata.schemaString;
    const ids = [...text.matchAll(/"delta.columnMapping.id":(\d+)/g)].map(([, id]) => Number(id));
    expect(ids.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const name of ['id', 'day', 'place', 'city', 'zip', 'tags', 'k', 'm', 'v'])
      expect(text).toContain(`"delta.columnMapping.physicalName":"${name}"`);
  });

  test('once: what has a mapping stays as it is', async () => {
    const table = await tableOf(FIELDS);
    await change(table, mapColumns);
    expect(mapColumns(table.state.metadata)).toBe(table.state.metadata);
  });
});

test('a table that is made with a mapping has physical names that nobody chose', async () => {
  const table = await tableOf(FIELDS, [], { 'delta.columnMapping.mode': 'name' });
  expect(stored(table, 'id')).toMatch(/^col-/);
  expect(new Set(FIELDS.map(({ name }) => stored(table, name))).size).toBe(FIELDS.length);
});

describe('renaming', () => {
  test('changes no name that files have, in partition columns neither', async () => {
    const table = await tableOf(FIELDS, ['day']);
    await change(table, mapColumns);
    await change(table, (metadata) => renameColumn(metadata, ['day'], 'date'));
    await change(table, (metadata) => renameColumn(metadata, ['place', 'city'], 'town'));
    await change(table, (metadata) => renameColumn(metadata, ['tags', 'element', 'k'], 'key'));
    expect(table.state.metadata.partitionColumns).toEqual(['date']);
    expect(stored(table, 'date')).toBe('day');
    const { columns } = table.state;
    expect(columns.storedValues({ date: '2026-01-01' })).toEqual({ day: '2026-01-01' });
    expect(columns.namedValues({ day: '2026-01-01' })).toEqual({ date: '2026-01-01' });
    const place = columns.storedField(table.state.schema.fields[2] as DeltaField);
    expect((place?.type as DeltaStruct).fields.map(({ name }) => name)).toEqual(['city', 'zip']);
    expect(JSON.stringify(columns.pairOf('tags')?.stored.type)).toContain('"name":"k"');
  });

  test('takes any name', async () => {
    const table = await tableOf(FIELDS);
    await change(table, mapColumns);
    for (const name of ['a-b.c (d)', '[x]{y}|^$*+?/\\', 'größe'])
      await change(table, (metadata) => renameColumn(metadata, [names(table)[0] ?? ''], name));
    expect([names(table)[0], stored(table, 'größe')]).toEqual(['größe', 'id']);
  });

  test('swaps names through a third one', async () => {
    const table = await tableOf([field('a', 'long'), field('b', 'long')]);
    await change(table, mapColumns);
    await change(table, (metadata) =>
      renameColumn(renameColumn(renameColumn(metadata, ['a'], 't'), ['b'], 'a'), ['t'], 'b'),
    );
    expect([names(table), stored(table, 'a'), stored(table, 'b')]).toEqual([['b', 'a'], 'b', 'a']);
  });

  test.each<[string, (metadata: Metadata) => Metadata, RegExp]>([
    [
      'to a name that is taken, in other letters',
      (m) => renameColumn(m, ['id'], 'DAY'),
      /there is a column "DAY"/,
    ],
    ['of what is not there', (m) => renameColumn(m, ['nope'], 'x'), /no column "nope"/],
    ['of what is not there, nested', (m) => renameColumn(m, ['tags', 'k'], 'x'), /no "k" there/],
    ['without a mapping', (m) => renameColumn({ ...m, configuration: {} }, ['id'], 'x'), /no column mapping/],
    [
      'of what a constraint names',
      (m) =>
        renameColumn(
          { ...m, configuration: { ...m.configuration, 'delta.constraints.c': 'ID > 0' } },
          ['id'],
          'x',
        ),
      /delta.constraints.c names it/,
    ],
  ])('%s is refused', async (_, attempt, why) => {
    const table = await tableOf(FIELDS, ['day']);
    await change(table, mapColumns);
    expect(() => attempt(table.state.metadata)).toThrow(why);
  });
});

describe('dropping', () => {
  test('leaves a column that comes back under the name another one: with another id and another name in files', async () => {
    const table = await tableOf([field('id', 'long'), field('a', 'long')]);
    await change(table, mapColumns);
    await change(table, (metadata) => dropColumn(metadata, ['a']));
    expect(table.state.columns.storedField(field('a', 'long'))).toBeNull();
    await change(table, (metadata) =>
      withColumnIds(
        { ...metadata, schemaString: schemaString(struct(...table.state.schema.fields, field('a', 'long'))) },
        () => 'fresh',
      ),
    );
    expect(stored(table, 'a')).toBe('col-fresh');
    expect(table.state.metadata.configuration['delta.columnMapping.maxColumnId']).toBe('3');
  });

  test.each<[string, (metadata: Metadata) => Metadata, RegExp]>([
    ['a partition column', (m) => dropColumn(m, ['day']), /partitioned by it/],
    ['the last column of a struct', (m) => dropColumn(m, ['tags', 'element', 'k']), /no other column/],
  ])('%s is refused', async (_, attempt, why) => {
    const table = await tableOf(FIELDS, ['day']);
    await change(table, mapColumns);
    expect(() => attempt(table.state.metadata)).toThrow(why);
  });
});

describe('a commit is refused that', () => {
  const mapped = async (): Promise<DeltaTable> => {
    const table = await tableOf([field('id', 'long'), field('a', 'long')]);
    await change(table, mapColumns);
    const facts = { partitionValues: {}, size: 1, modificationTime: 1, dataChange: true };
    await table.commit({ actions: [{ add: { path: 'f', ...facts } }], operation: 'WRITE' });
    return table;
  };
  const edited = (metadata: Metadata, from: RegExp, to: string): Metadata => ({
    ...metadata,
    schemaString: metadata.schemaString.replace(from, to),
  });

  test.each<[string, (metadata: Metadata) => Metadata, RegExp]>([
    ['ends the mapping', (m) => ({ ...m, configuration: {} }), /from name to none/],
    [
      'has a column without an id',
      (m) => ({ ...m, schemaString: schemaString(struct(field('id', 'long'))) }),
      /without an id/,
    ],
    [
      'gives one id twice',
      (m) => edited(m, /"delta.columnMapping.id":2/, '"delta.columnMapping.id":1'),
      /id of its own/,
    ],
    [
      'gives one physical name twice',
      (m) => edited(m, /physicalName":"a"/, 'physicalName":"id"'),
      /one physical name/,
    ],
    [
      'renames in the files',
      (m) => edited(m, /physicalName":"a"/, 'physicalName":"b"'),
      /another physical name/,
    ],
    [
      'takes ids back',
      (m) => ({
        ...dropColumn(m, ['a']),
        configuration: { ...m.configuration, 'delta.columnMapping.maxColumnId': '1' },
      }),
      /takes back column ids/,
    ],
  ])('%s', async (_, attempt, why) => {
    const table = await mapped();
    await expect(change(table, attempt)).rejects.toThrow(why);
  });

  test('maps without the table feature', async () => {
    const table = await tableOf([field('id', 'long')]);
    const metaData = mapColumns(table.state.metadata);
    await expect(table.commit({ actions: [{ metaData }], operation: 'X' })).rejects.toThrow(
      /writer version 5/,
    );
  });

  test('maps by id a table whose files have none', async () => {
    const table = await mapped();
    await expect(
      change(table, (m) => ({
        ...m,
        configuration: { ...m.configuration, 'delta.columnMapping.mode': 'id' },
      })),
    ).rejects.toThrow(/from name to id/);
  });
});

test('files have physical names and ids, those of nested columns too', async () => {
  const table = await tableOf(FIELDS);
  await change(table, mapColumns);
  await change(table, (metadata) => renameColumn(metadata, ['place', 'zip'], 'code'));
  await change(table, (metadata) => renameColumn(metadata, ['id'], 'key'));
  const nodes = parquetNodes(table.state.columns.storedFields(table.state.schema.fields));
  const file = new ParquetFile({ nodes, codec: 'zstd', compress: compressZstd, createdBy: 'test' });
  const bytes = file.finish(0);
  const { schema } = parquetMetadata(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  );
  expect(schema.slice(1).map(({ name, field_id }) => [name, field_id])).toEqual([
    ['id', 1],
    ['day', 2],
    ['place', 3],
    ['city', 5],
    ['zip', 6],
    ['tags', 4],
    ['list', undefined],
    ['element', undefined],
    ['k', 7],
  ]);
});

test('a schema that is made from a mapped one has no trace of the mapping', async () => {
  const table = await tableOf(FIELDS);
  await change(table, mapColumns);
  expect(table.state.schema.fields.map(unmappedField)).toEqual(FIELDS);
});
