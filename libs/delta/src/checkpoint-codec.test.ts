import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import type { Action } from './actions.ts';
import { checkpointCodec } from './checkpoint-codec.ts';
import { readCheckpointActions } from './checkpoint-reader.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const long = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const texts = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text,
  { maxKeys: 3 },
);
const nullableTexts = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  fc.option(text),
  { maxKeys: 3 },
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const deletionVector = maybe(
  fc.record({
    storageType: fc.constantFrom('u', 'i', 'p'),
    pathOrInlineDv: text,
    offset: maybe(fc.nat()),
    sizeInBytes: fc.nat(),
    cardinality: long,
  }),
);
const anyAction = fc.oneof(
  fc.record({
    protocol: fc.record({
      minReaderVersion: fc.integer(),
      minWriterVersion: fc.nat(),
      readerFeatures: maybe(fc.array(text, { maxLength: 3 })),
    }),
  }),
  fc.record({
    metaData: fc.record({
      id: text,
      description: maybe(text),
      format: fc.record({ provider: text, options: texts }),
      schemaString: text,
      partitionColumns: fc.array(text, { maxLength: 3 }),
      configuration: texts,
      createdTime: maybe(long),
    }),
  }),
  fc.record({ txn: fc.record({ appId: text, version: long }) }),
  fc.record({
    add: fc.record({
      path: text,
      partitionValues: nullableTexts,
      size: long,
      modificationTime: long,
      dataChange: fc.boolean(),
      stats: maybe(text),
      tags: maybe(texts),
      deletionVector,
    }),
  }),
  fc.record({
    remove: fc.record({
      path: text,
      deletionTimestamp: maybe(long),
      dataChange: fc.boolean(),
      deletionVector,
    }),
  }),
);

/** What JSON would keep, in an order of its own: a checkpoint's rows have none. */
function sorted(actions: readonly unknown[]): unknown[] {
  return actions
    .map((action) => JSON.stringify(action, (_, value: unknown) => canonical(value)))
    .sort()
    .map((line) => JSON.parse(line) as unknown);
}

function canonical(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('a checkpoint', () => {
  test('gives back every action, whatever its texts, nulls, maps and lists', async () => {
    await checkProperty(
      fc.asyncProperty(fc.array(anyAction, { maxLength: 30 }), async (actions) => {
        const bytes = await checkpointCodec.encode(actions as Action[]);
        expect(sorted(await checkpointCodec.decode(bytes))).toEqual(sorted(actions));
      }),
    );
  });

  test('of many pages is what a general Parquet reader finds in it', async () => {
    const stats = JSON.stringify({ numRecords: 1, maxValues: { text: 'ü'.repeat(300) } });
    const actions: Action[] = Array.from({ length: 9_000 }, (_, n) =>
      n % 3 === 0
        ? {
            remove: {
              path: `r-${n}`,
              deletionTimestamp: n,
              dataChange: false,
              partitionValues: { day: null },
            },
          }
        : {
            add: {
              path: `a-${n}`,
              partitionValues: { day: String(n % 7) },
              size: n,
              modificationTime: 2 ** 41 + n,
              dataChange: false,
              stats,
            },
          },
    );
    const bytes = await checkpointCodec.encode(actions);
    const decoded = await checkpointCodec.decode(bytes);
    expect(sorted(decoded)).toEqual(sorted(actions));
    const rows = await parquetReadObjects({
      file: new Uint8Array(bytes).buffer,
      columns: ['add', 'remove'],
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    });
    const paths = rows.map((row) => ((row['add'] ?? row['remove']) as { path: string }).path);
    expect(paths.sort()).toEqual(
      actions
        .map((action) => ('add' in action ? action.add.path : 'remove' in action ? action.remove.path : ''))
        .sort(),
    );
  });

  test('of our own is never left to the general reader, which costs a multiple', async () => {
    const actions = Array.from({ length: 5_000 }, (_, n): Action => ({
      add: {
        path: `part-${n}.parquet`,
        partitionValues: { day: '2026-01-01' },
        size: 90_000 + (n % 100),
        modificationTime: 1_767_225_600_000 + n * 60_000,
        dataChange: false,
        stats: `{"numRecords":${n}}`,
      },
    }));
    expect(readCheckpointActions(Buffer.from(await checkpointCodec.encode(actions)))).toEqual(actions);
  });

  test('that is cut short or damaged is told, not read as an empty table', async () => {
    const actions: Action[] = Array.from({ length: 50 }, (_, n) => ({
      txn: { appId: `app-${n}`, version: n },
    }));
    const bytes = await checkpointCodec.encode(actions);
    await expect(checkpointCodec.decode(bytes.subarray(0, bytes.length - 9))).rejects.toThrow();
    await expect(checkpointCodec.decode(bytes.subarray(bytes.length / 2))).rejects.toThrow();
  });
});
