import type { DeletionVector } from '../actions.ts';
import { encodeBitmapArray } from './bitmap-array.ts';
import type { RowSet } from './row-set.ts';
import { packVectors } from './vector-file.ts';
import { vectorFileName } from './vector-location.ts';
import { toZ85 } from './z85.ts';

/**
 * A vector up to this size stands in the log itself and needs no object. Every checkpoint repeats it, so that larger
 * ones would make the log of a table with many files grow faster than its data.
 */
const MAX_INLINE_BYTES = 512;

export interface CommitVectors {
  /** In the order of the rows given. */
  readonly descriptors: readonly DeletionVector[];
  /** To be uploaded before the commit, under the table's root; null when every vector stands in the log. */
  readonly file: { readonly key: string; readonly bytes: Uint8Array } | null;
}

/** Vectors of one commit: small ones inline, the others together in one file. @param uuid names that file */
export function packCommitVectors(sets: readonly RowSet[], uuid: string): CommitVectors {
  const encoded = sets.map((rows) => encodeBitmapArray(rows));
  const stored = encoded.filter((bytes) => bytes.length > MAX_INLINE_BYTES);
  const packed = packVectors(stored);
  const name = vectorFileName(uuid);
  let next = 0;
  const descriptors = encoded.map((bytes, index): DeletionVector => {
    const facts = { sizeInBytes: bytes.length, cardinality: (sets[index] as RowSet).size };
    if (bytes.length <= MAX_INLINE_BYTES) return { storageType: 'i', pathOrInlineDv: toZ85(bytes), ...facts };
    const offset = packed.offsets[next++] as number;
    return { storageType: 'u', pathOrInlineDv: name.encoded, offset, ...facts };
  });
  return { descriptors, file: stored.length === 0 ? null : { key: name.key, bytes: packed.bytes } };
}
