import { toLsn, type SourceMoment, type TableSchema } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { CapturedTable } from '../../core/captured-table.ts';
import { ServerSnapshot } from '../../core/incremental/server-snapshot.ts';
import { TableWindow } from '../../core/incremental/table-window.ts';
import { TouchedKeys } from '../../core/incremental/touched-keys.ts';
import type { OversizeRule } from '../../core/oversize.ts';
import { ORIGIN, PositionLedger } from '../../core/position-ledger.ts';
import { ChunkEmitter, type EmittedChunk } from './chunk-emitter.ts';
import { ChunkRows, type Chunk } from './chunk.ts';

const SCHEMA: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'items',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'body', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};

function copyRow(cells: readonly string[]): Buffer {
  const fields = cells.map((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(Buffer.byteLength(cell));
    return Buffer.concat([length, Buffer.from(cell)]);
  });
  return Buffer.concat([Buffer.from([0, cells.length]), ...fields]);
}

async function emit(
  oversize: OversizeRule,
  sizes: readonly number[],
): Promise<[EmittedChunk, number[], string[]]> {
  const table = new CapturedTable({
    schema: SCHEMA,
    identity: 'default',
    binary: [null, null],
    topic: 't',
    partitions: 1,
    valueSchemaId: 1,
    keySchemaId: 2,
    maxValueBytes: 1_000,
    version: '1',
    sourceName: 'p',
  });
  const written: number[] = [];
  const headers: string[] = [];
  const emitter = new ChunkEmitter({
    sink: {
      bufferedBytes: 0,
      append: (...args) => {
        written.push(args[7]);
        headers.push(...(args[9] ?? []).map(([name]) => name));
      },
      send: () => Promise.resolve(),
    },
    ledger: new PositionLedger({ position: ORIGIN, confirmLsn: toLsn(0n) }),
    schemaChanges: null,
    sendBytes: Infinity,
    oversize,
  });
  const rows = new ChunkRows();
  for (const [id, size] of sizes.entries()) {
    const row = copyRow([`${id}`, 'x'.repeat(size)]);
    rows.append(row, 0, row.length);
  }
  const snapshot = ServerSnapshot.parse('100:100:');
  const chunk = { snapshot, rows, formats: new Uint8Array(2) } as unknown as Chunk;
  const window = new TableWindow('public.items', () => undefined, new TouchedKeys(10));
  const moment: SourceMoment = {
    commitTsMs: 0,
    snapshot: 'incremental',
    txId: -1,
    lsnHi: 0,
    lsnLo: 1,
    commitLsnHi: 0,
    commitLsnLo: 1,
    seq: 0,
  };
  return [await emitter.emit(chunk, table, window, moment), written, headers];
}

test('a row that does not fit into a record is written without its largest value where that is asked for', async () => {
  const [emitted, written, headers] = await emit('omit', [10, 5_000, 10]);
  expect(emitted.rows).toBe(3);
  expect(written.every((bytes) => bytes <= 1_000)).toBe(true);
  expect(headers).toEqual(['pg.omitted.body']);
});

test('a row that does not fit into a record is an error otherwise, and nothing of it is written', async () => {
  await expect(emit('stop', [10, 5_000, 10])).rejects.toMatchObject({ code: 'SOURCE_ROW_TOO_LARGE' });
});
