import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ColumnMapping, field, type AddFile } from '@hasivu/delta';
import { Engine } from '../engine.ts';
import { parsePredicate } from './row-predicate.ts';

let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'condition-bound-'));
  engine = new Engine({ folder, memoryBytes: 64e6 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const fields = [
  field('id', 'long'),
  field('s', 'string'),
  field('constructor', 'string'),
  field('É', 'long'),
  field('é', 'long'),
  field('at', 'timestamp_ntz'),
];

/** A file whose columns have one value each, and whose `constructor` is partly null. */
const file: AddFile = {
  path: 'a',
  partitionValues: {},
  size: 1,
  modificationTime: 0,
  dataChange: true,
  stats:
    '{"numRecords":2,"minValues":{"id":9007199254740992,"s":"Banana","constructor":"a","É":1,"é":9,"at":"2026-01-01T00:00:00.000"},' +
    '"maxValues":{"id":9007199254740992,"s":"Banana","constructor":"a","É":1,"é":9,"at":"2026-01-01T00:00:00.000"},' +
    '"nullCount":{"id":0,"s":0,"constructor":1,"É":0,"é":0,"at":0}}',
};

async function mayHold(where: string): Promise<boolean> {
  const table = { root: 't', schema: { type: 'struct', fields }, columns: ColumnMapping.NONE } as const;
  return await engine.exclusively('asking', async (session) =>
    (await parsePredicate(session, table, where)).mayHold(file),
  );
}

test.each([
  // The collation of one bound is that of all three, and so is the type.
  [`s BETWEEN 'b' AND 'c' COLLATE NOCASE`, true],
  ['id BETWEEN 9007199254740993 AND 1e20', true],
  ['id BETWEEN 9007199254740993 AND 9007199254740994', false],
  // A name that every JavaScript object has.
  ['constructor IS NULL', true],
  [`constructor = 'a'`, true],
  [`constructor = 'b'`, false],
  // Other letters than A to Z are not the same in both cases.
  ['"É" = 1', true],
  ['"é" = 9', true],
  ['"É" = 9', false],
  ['ID = 9007199254740992', true],
])('of a file that has such rows, %s leaves nothing out', async (where, expected) => {
  expect(await mayHold(where)).toBe(expected);
});

test.each(['at < current_localtimestamp()', 'current_localtime() IS NULL', `age(at) > INTERVAL 1 DAY`])(
  '%s depends on when it is asked, and is refused',
  async (where) => {
    await expect(mayHold(where)).rejects.toMatchObject({ code: 'LAKE_PREDICATE_INVALID' });
  },
);
