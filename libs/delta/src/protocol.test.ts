import { describe, expect, test } from '@jest/globals';
import { surroundings } from '../test/surroundings.ts';
import type { Metadata, Protocol } from './actions.ts';
import { constraintsOf, DeltaTable, field, parseSchema } from './index.ts';
import { checkWritable, PLAIN_PROTOCOL, upgradedProtocol } from './protocol.ts';

const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
const writable = (protocol: Protocol) => (): void => checkWritable(protocol, 't');
const add = { path: 'a', partitionValues: {}, size: 1, modificationTime: 0, dataChange: true };

describe('a table of the versions before features had names', () => {
  test.each([2, 3, 4, 5])('is written at writer version %i', (minWriterVersion) => {
    expect(writable({ minReaderVersion: 1, minWriterVersion })).not.toThrow();
  });

  test('at writer version 6 is refused by the name of what it needs', () => {
    expect(writable({ minReaderVersion: 2, minWriterVersion: 6 })).toThrow('identityColumns');
  });

  test('names the column mapping for readers too when it comes to named features, used or not', () => {
    const current = { minReaderVersion: 2, minWriterVersion: 5 };
    const upgraded = upgradedProtocol(current, schema, { 'delta.enableDeletionVectors': 'true' });
    expect(upgraded).toMatchObject({ readerFeatures: ['columnMapping', 'deletionVectors'] });
    expect(upgraded?.writerFeatures).toEqual(expect.arrayContaining(['columnMapping', 'deletionVectors']));
  });

  test('keeps what its version stood for when it comes to named features', () => {
    const current = { minReaderVersion: 1, minWriterVersion: 4 };
    const vectors = { 'delta.enableDeletionVectors': 'true' };
    expect(upgradedProtocol(current, schema, { 'delta.enableChangeDataFeed': 'true' })).toBeNull();
    const upgraded = upgradedProtocol(current, schema, vectors) as Protocol;
    expect(upgraded).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: [
        'appendOnly',
        'invariants',
        'checkConstraints',
        'changeDataFeed',
        'generatedColumns',
        'deletionVectors',
      ],
    });
    expect(writable(upgraded)).not.toThrow();
    expect(upgradedProtocol(upgraded, schema, vectors)).toBeNull();
  });
});

describe('a table that declares something of its rows', () => {
  const declared: Record<string, (metadata: Metadata) => Metadata> = {
    'positive ids': (metadata) => ({
      ...metadata,
      configuration: { 'delta.constraints.positive ids': 'id > 0' },
    }),
    'id is not null': (metadata) => withField(metadata, { nullable: false }),
    'invariant of id': (metadata) =>
      withField(metadata, {
        metadata: { 'delta.invariants': '{"expression":{"expression":"id > 0"}}' },
      }),
    'generation of id': (metadata) =>
      withField(metadata, { metadata: { 'delta.generationExpression': '1 + 1' } }),
  };

  test.each(Object.entries(declared))(
    'takes no rows of a writer that does not enforce "%s"',
    async (name, declare) => {
      const table = await DeltaTable.create('t', { schema }, surroundings());
      await table.commit({ actions: [{ add }], operation: 'WRITE' });
      const metaData = declare(table.state.metadata);
      const next = upgradedProtocol(
        table.state.protocol,
        parseSchema(metaData.schemaString),
        metaData.configuration,
      );
      const protocol = next === null ? [] : [{ protocol: next }];
      await table.commit({ actions: [{ metaData }, ...protocol], operation: 'ALTER' });
      const more = { add: { ...add, path: 'b' } };
      await expect(table.commit({ actions: [more], operation: 'WRITE' })).rejects.toMatchObject({
        code: 'LAKE_CONSTRAINT_UNENFORCED',
        context: { constraint: name },
      });
      await table.commit({ actions: [more], operation: 'WRITE', enforcesConstraints: true });
      // Compaction brings no new row.
      const moved = { add: { ...add, path: 'c', dataChange: false } };
      await table.commit({ actions: [moved], operation: 'OPTIMIZE' });
      expect([...table.state.files.keys()]).toEqual(['a', 'b', 'c']);
    },
  );
});

test('an expression that the protocol knows nothing of generates nothing', () => {
  const own = field('day', 'date', { 'delta.generationExpression': 'CAST(at AS DATE)' });
  const of = (protocol: Protocol): readonly string[] =>
    constraintsOf({ configuration: {} }, { type: 'struct', fields: [own] }, protocol).map(({ name }) => name);
  expect(of({ minReaderVersion: 1, minWriterVersion: 2 })).toEqual([]);
  expect(of({ minReaderVersion: 1, minWriterVersion: 4 })).toEqual(['generation of day']);
  const named = { minReaderVersion: 1, minWriterVersion: 7 };
  expect(of({ ...named, writerFeatures: ['invariants'] })).toEqual([]);
  expect(of({ ...named, writerFeatures: ['generatedColumns'] })).toEqual(['generation of day']);
  const wanted = upgradedProtocol(
    { minReaderVersion: 1, minWriterVersion: 2 },
    { type: 'struct', fields: [own] },
  );
  expect(wanted).toEqual({ ...named, writerFeatures: ['appendOnly', 'invariants', 'generatedColumns'] });
});

function withField(metadata: Metadata, change: object): Metadata {
  const fields = [{ ...field('id', 'long'), ...change }];
  return { ...metadata, schemaString: JSON.stringify({ type: 'struct', fields }) };
}

test('metadata of a generated column under a protocol that does not know of it stays without meaning', () => {
  const stray = field('b', 'integer', { 'delta.generationExpression': 'a + 1' });
  const before = { type: 'struct', fields: [field('a', 'integer'), stray] } as const;
  const vectors = { 'delta.enableDeletionVectors': 'true' };
  expect(upgradedProtocol(PLAIN_PROTOCOL, before, {}, before)).toBeNull();
  const marked = upgradedProtocol(PLAIN_PROTOCOL, before, vectors, before);
  expect(marked?.writerFeatures).toEqual(['appendOnly', 'invariants', 'deletionVectors']);
  const grown = { ...before, fields: [...before.fields, { ...stray, name: 'c' }] };
  expect(upgradedProtocol(PLAIN_PROTOCOL, grown, {}, before)?.writerFeatures).toContain('generatedColumns');
});
