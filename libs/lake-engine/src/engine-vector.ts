import type { DuckDBVector } from '@duckdb/node-api';

/** Values of one column of fixed width, as the engine has them in memory (little-endian). */
export interface EngineVector {
  readonly bytes: Uint8Array;
  /** What stands in the place of a null is undefined. */
  readonly hasNull: boolean;
}

/** What the vectors of fixed width are made of; their classes say so, their common type does not. */
interface FixedVector {
  readonly items?: ArrayBufferView;
  readonly dataView?: ArrayBufferView;
  readonly validity: { readonly data: unknown; itemValid(index: number): boolean };
}

export function engineVector(vector: DuckDBVector, rows: number): EngineVector {
  const { items, dataView, validity } = vector as unknown as FixedVector;
  const view = items ?? dataView;
  if (view === undefined)
    throw new TypeError(`the engine has no vector of fixed width for ${String(vector.type)}`);
  return {
    bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    hasNull: validity.data !== null && hasNull(validity, rows),
  };
}

function hasNull(validity: FixedVector['validity'], rows: number): boolean {
  for (let row = 0; row < rows; row += 1) if (!validity.itemValid(row)) return true;
  return false;
}
