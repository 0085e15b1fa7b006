import { identifier } from '@hasivu/lake-engine';

/** Equality of all key columns of two aliases. */
export function sameKey(key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${identifier(name)} = ${right}.${identifier(name)}`).join(' AND ');
}

/** `(left._lsn, left._seq) >= (right._lsn, right._seq)`. */
export function notBefore(left: string, right: string): string {
  return `(${left}._lsn > ${right}._lsn OR (${left}._lsn = ${right}._lsn AND ${left}._seq >= ${right}._seq))`;
}
