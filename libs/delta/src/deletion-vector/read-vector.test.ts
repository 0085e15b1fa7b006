import { describe, expect, test } from '@jest/globals';
import type { AddFile, DeletionVector } from '../actions.ts';
import { markedFile } from './marked-file.ts';
import { packCommitVectors } from './pack-commit.ts';
import { readVector, type VectorFiles } from './read-vector.ts';
import { RowSet } from './row-set.ts';
import { vectorId, vectorLocation } from './vector-location.ts';

const UUID = 'd2c639aa-8816-431a-aaf6-d3fe2512ff61';
const filesOf = (objects: Readonly<Record<string, Uint8Array>>): VectorFiles => ({
  get: (key) => Promise.resolve(objects[key] ?? null),
});
const scattered = (count: number, step: number): RowSet =>
  RowSet.of(Array.from({ length: count }, (_, index) => index * step));

describe('a descriptor', () => {
  test.each<[string, DeletionVector, unknown, string]>([
    [
      'of a file with a random prefix',
      {
        storageType: 'u',
        pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
        offset: 4,
        sizeInBytes: 40,
        cardinality: 6,
      },
      { in: 'table', key: `ab/deletion_vector_${UUID}.bin` },
      'uab^-aqEH.-t@S}K{vb[*k^@4',
    ],
    [
      'of a file elsewhere',
      {
        storageType: 'p',
        pathOrInlineDv: 's3://t/deletion_vector_1.bin',
        offset: 4,
        sizeInBytes: 40,
        cardinality: 6,
      },
      { in: 'elsewhere', uri: 's3://t/deletion_vector_1.bin' },
      'ps3://t/deletion_vector_1.bin@4',
    ],
    [
      'of a vector in the log',
      { storageType: 'i', pathOrInlineDv: 'wi5b=', sizeInBytes: 4, cardinality: 6 },
      { in: 'log' },
      'iwi5b=',
    ],
  ])(
    '%s says where, and names the logical file, as the protocol’s examples do',
    (_, vector, location, id) => {
      expect(vectorLocation(vector)).toEqual(location);
      expect(vectorId(vector)).toBe(id);
    },
  );

  test('no vector has the empty name', () => expect(vectorId(undefined)).toBe(''));
});

describe('vectors of one commit', () => {
  test('are in the log while small, share one file otherwise, and are read from there', async () => {
    const sets = [scattered(10, 3), scattered(3_000, 7), scattered(5_000, 2), RowSet.of([2 ** 32 + 1])];
    const { descriptors, file } = packCommitVectors(sets, UUID);
    expect(
      descriptors.map(({ storageType, offset, cardinality }) => [storageType, offset, cardinality]),
    ).toEqual([
      ['i', undefined, 10],
      ['u', 1, 3_000],
      ['u', 1 + 8 + (descriptors[1]?.sizeInBytes ?? 0), 5_000],
      ['i', undefined, 1],
    ]);
    expect(file?.key).toBe(`deletion_vector_${UUID}.bin`);
    const files = filesOf({ [file?.key as string]: file?.bytes as Uint8Array });
    for (const [index, descriptor] of descriptors.entries()) {
      const read = await readVector(descriptor, files);
      expect(read.toBits(70_000)).toEqual(sets[index]?.toBits(70_000));
      expect(read.size).toBe(sets[index]?.size);
    }
  });

  test('need no file when all are small', () => {
    expect(packCommitVectors([scattered(10, 3)], UUID).file).toBeNull();
    expect(packCommitVectors([], UUID)).toEqual({ descriptors: [], file: null });
  });

  test('a wrong size, checksum, count or place is told before a row is hidden', async () => {
    const { descriptors, file } = packCommitVectors([scattered(3_000, 7)], UUID);
    const vector = descriptors[0] as DeletionVector;
    const { key, bytes } = file as { key: string; bytes: Uint8Array };
    const flipped = Buffer.from(bytes);
    flipped[100] = (flipped[100] as number) ^ 1;
    const corrupt = { code: 'LAKE_LOG_CORRUPT' };
    await expect(readVector(vector, filesOf({ [key]: flipped }))).rejects.toMatchObject(corrupt);
    await expect(readVector(vector, filesOf({}))).rejects.toMatchObject(corrupt);
    await expect(readVector(vector, filesOf({ [key]: bytes.subarray(0, 900) }))).rejects.toMatchObject(
      corrupt,
    );
    const files = filesOf({ [key]: bytes });
    for (const wrong of [
      { sizeInBytes: vector.sizeInBytes - 1 },
      { cardinality: 2_999 },
      { offset: 2 },
      { storageType: 'x' },
    ])
      await expect(readVector({ ...vector, ...wrong }, files)).rejects.toMatchObject(corrupt);
  });

  test('a vector outside the table is read only by who can read there', async () => {
    const { descriptors, file } = packCommitVectors([scattered(3_000, 7)], UUID);
    const vector = {
      ...(descriptors[0] as DeletionVector),
      storageType: 'p',
      pathOrInlineDv: 's3://o/v.bin',
    };
    await expect(readVector(vector, filesOf({}))).rejects.toMatchObject({
      code: 'LAKE_PROTOCOL_UNSUPPORTED',
    });
    const getUri = (uri: string) => Promise.resolve(uri === 's3://o/v.bin' ? (file?.bytes ?? null) : null);
    expect((await readVector(vector, { ...filesOf({}), getUri })).size).toBe(3_000);
  });
});

describe('a file that gets another vector', () => {
  const before: AddFile = {
    path: 'a',
    partitionValues: {},
    size: 1,
    modificationTime: 1,
    dataChange: false,
    stats: '{"numRecords":20,"minValues":{"k":9007199254740993,"tightBounds":1.10},"tightBounds":true}',
    deletionVector: { storageType: 'i', pathOrInlineDv: 'old', sizeInBytes: 1, cardinality: 1 },
  };
  const vector = { storageType: 'i', pathOrInlineDv: 'new', sizeInBytes: 1, cardinality: 2 };

  test('goes with the old one and comes with the new one, its bounds wide and every digit kept', () => {
    const [removed, added] = markedFile(before, vector, 7);
    expect(removed).toMatchObject({
      remove: { path: 'a', deletionVector: before.deletionVector, dataChange: true },
    });
    expect(added).toEqual({
      add: {
        ...before,
        dataChange: true,
        deletionVector: vector,
        stats: '{"numRecords":20,"minValues":{"k":9007199254740993,"tightBounds":1.10},"tightBounds":false}',
      },
    });
  });

  test('must say how many rows it has', () => {
    expect(() => markedFile({ ...before, stats: '{}' }, vector, 7)).toThrow('row count');
  });
});
