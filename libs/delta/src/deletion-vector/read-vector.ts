import { PlatformError } from '@hasivu/errors';
import type { DeletionVector } from '../actions.ts';
import { decodeBitmapArray } from './bitmap-array.ts';
import { corruptVector } from './corrupt-vector.ts';
import type { RowSet } from './row-set.ts';
import { unpackVector } from './vector-file.ts';
import { vectorLocation } from './vector-location.ts';
import { fromZ85 } from './z85.ts';

/** Where the files of vectors are read from. */
export interface VectorFiles {
  /** Bytes of an object under the table's root; null when there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** Bytes at an absolute URI, which shallow clones have. Left out: such vectors are refused. */
  getUri?(uri: string): Promise<Uint8Array | null>;
}

/**
 * The rows that the vector takes out of its data file.
 * @throws LAKE_LOG_CORRUPT, LAKE_PROTOCOL_UNSUPPORTED for a vector outside the table when `files` cannot read there
 */
export async function readVector(vector: DeletionVector, files: VectorFiles): Promise<RowSet> {
  const rows = decodeBitmapArray(await serializedVector(vector, files));
  // A vector of another file, or of another version, would hide the wrong rows: nothing else would tell.
  if (rows.size !== vector.cardinality) throw corruptVector('it has not as many rows as the log says');
  return rows;
}

async function serializedVector(vector: DeletionVector, files: VectorFiles): Promise<Uint8Array> {
  const location = vectorLocation(vector);
  if (location.in === 'log') return fromZ85(vector.pathOrInlineDv, vector.sizeInBytes);
  if (location.in === 'elsewhere' && files.getUri === undefined) {
    throw new PlatformError('LAKE_PROTOCOL_UNSUPPORTED', {
      doing: 'reading a deletion vector',
      why: 'it lies outside the table',
    });
  }
  const file = await (location.in === 'table' ? files.get(location.key) : files.getUri?.(location.uri));
  if (file === null || file === undefined) throw corruptVector('its file is not there');
  return unpackVector(file, vector.offset ?? 0, vector.sizeInBytes);
}
