import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import type { Action } from './actions.ts';
import { readCheckpointActions } from './checkpoint-reader.ts';
import { CHECKPOINT_NODES } from './checkpoint-schema.ts';
import { ParquetFile } from './parquet/parquet-file.ts';
import { ForeignForm } from './parquet/read-leaf.ts';
import { shredRow, type NestedValue } from './parquet/shred-rows.ts';
import { compressZstd } from './parquet/zstd.ts';

/** Checkpoint Parquet, written and read; a port, so that an engine with its own Parquet can take its place. */
export interface CheckpointCodec {
  encode(actions: readonly Action[]): Promise<Uint8Array>;
  decode(bytes: Uint8Array): Promise<Action[]>;
}

/** Actions encoded between two turns of the event loop: some 20 ms, so that heartbeats and timers run beside it. */
const ROWS_PER_TURN = 4_000;

export const checkpointCodec: CheckpointCodec = {
  async encode(actions) {
    const file = new ParquetFile({
      nodes: CHECKPOINT_NODES,
      codec: 'zstd',
      compress: compressZstd,
      createdBy: 'hasivu-delta',
    });
    for (const [index, action] of actions.entries()) {
      shredRow(CHECKPOINT_NODES, file.columns, action as unknown as Record<string, NestedValue>);
      if (index % ROWS_PER_TURN === ROWS_PER_TURN - 1) await new Promise(setImmediate);
    }
    return file.finish(actions.length);
  },

  async decode(bytes) {
    try {
      return readCheckpointActions(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    } catch (error) {
      if (error instanceof ForeignForm) return await decodeGenerally(bytes);
      throw error;
    }
  },
};

/** Any Parquet there is, at four times the cost. */
async function decodeGenerally(bytes: Uint8Array): Promise<Action[]> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({
    file: buffer,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  return rows.map((row) => plain(row) as Action);
}

/** Nulls out, 64-bit integers to numbers: the shape the JSON log has. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined || inner === null) continue;
    // Inside this map a null is a value.
    out[name] = name === 'partitionValues' ? inner : plain(inner);
  }
  return out;
}
