import type { DeletionVector } from '../actions.ts';
import { corruptVector } from './corrupt-vector.ts';
import { fromZ85, toZ85 } from './z85.ts';

/** Characters of an encoded UUID; what stands before is the folder. */
const UUID_DIGITS = 20;

/** Where a vector's bytes are: in the log, in a file of the table (key under its root), or at a URI. */
export type VectorLocation =
  | { readonly in: 'log' }
  | { readonly in: 'table'; readonly key: string }
  | { readonly in: 'elsewhere'; readonly uri: string };

/** Names the vector among those of one data file; '' for none. A file with another vector is another logical file. */
export function vectorId(vector: DeletionVector | undefined): string {
  if (vector === undefined) return '';
  const place = vector.offset === undefined ? '' : `@${vector.offset}`;
  return `${vector.storageType}${vector.pathOrInlineDv}${place}`;
}

/** @throws LAKE_LOG_CORRUPT when the storage type is none of the protocol's */
export function vectorLocation(vector: DeletionVector): VectorLocation {
  const { storageType, pathOrInlineDv } = vector;
  if (storageType === 'i') return { in: 'log' };
  if (storageType === 'p') return { in: 'elsewhere', uri: pathOrInlineDv };
  if (storageType !== 'u' || pathOrInlineDv.length < UUID_DIGITS)
    throw corruptVector('the log does not say where it is');
  const prefix = pathOrInlineDv.slice(0, -UUID_DIGITS);
  const uuid = uuidText(fromZ85(pathOrInlineDv.slice(-UUID_DIGITS), 16));
  return { in: 'table', key: `${prefix === '' ? '' : `${prefix}/`}deletion_vector_${uuid}.bin` };
}

/** Key under the table's root, and the descriptor's text, of a vector file with this UUID. */
export function vectorFileName(uuid: string): { readonly key: string; readonly encoded: string } {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new RangeError('a deletion vector file is named by a UUID');
  return { key: `deletion_vector_${uuidText(bytes)}.bin`, encoded: toZ85(bytes) };
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
