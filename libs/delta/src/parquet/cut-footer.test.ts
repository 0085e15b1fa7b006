import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetMetadata, type FileMetaData } from 'hyparquet';
import { cutFooter } from './cut-footer.ts';

const GROUPS = 20;
const GROUP_ROWS = 2_048;
let folder: string;
let footer: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cut-footer-'));
  const path = join(folder, 'a.parquet');
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  const rows = `SELECT range AS id, 'v' || range % 9 AS s, {a: range, b: [range]} AS st FROM range(${GROUPS * GROUP_ROWS - 5})`;
  await connection.run(
    `COPY (${rows}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE ${GROUP_ROWS}, KV_METADATA {k: 'v'})`,
  );
  connection.closeSync();
  const bytes = await readFile(path);
  footer = bytes.subarray(-8 - bytes.readUInt32LE(bytes.length - 8), -8);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As another reader understands it. */
function read(metadata: Uint8Array): FileMetaData {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(metadata.length);
  end.write('PAR1', 4, 'latin1');
  const file = new Uint8Array(Buffer.concat([metadata, end]));
  const parsed = parquetMetadata(file.buffer);
  return { ...parsed, metadata_length: 0 };
}

test('a cut footer has the row groups that are kept, their rows, and everything else as it was', () => {
  const before = read(footer);
  expect(before.row_groups).toHaveLength(GROUPS);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(GROUPS - 1), { maxLength: GROUPS }), (kept) => {
      const after = read(cutFooter(footer, (group) => kept.includes(group)));
      const groups = before.row_groups.filter((_, group) => kept.includes(group));
      const rows = groups.reduce((sum, { num_rows }) => sum + num_rows, 0n);
      expect(after).toEqual({ ...before, row_groups: groups, num_rows: rows });
    }),
    { numRuns: 60 },
  );
});

test('what is no footer is refused', () => {
  expect(() => cutFooter(Buffer.of(0), () => true)).toThrow('no row groups');
  expect(() => cutFooter(footer.subarray(0, 50), () => true)).toThrow(RangeError);
});
