import type { PartitionValues } from './actions.ts';

const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';
/** Characters that Hive escapes in folder names, plus those S3 tools stumble over. */
const ESCAPED = /["#%'*/:=?\\{}[\]^ \p{Cc}]/gu;

/** Folder of a partition, e.g. `day=2026-01-01/`; a convention that readers do not rely on. Empty without columns. */
export function partitionFolder(columns: readonly string[], values: PartitionValues): string {
  return columns.map((column) => `${escapeName(column)}=${escapeValue(values[column] ?? null)}/`).join('');
}

/** `add.path` of an object under the table root: the key as a URI, so a `%` in the key is encoded again. */
export function pathOfKey(relativeKey: string): string {
  return relativeKey.split('/').map(encodeURIComponent).join('/').replaceAll('%3D', '=');
}

/** Key of an `add.path` relative to the root. */
export function keyOfPath(path: string): string {
  return decodeURIComponent(path);
}

/** One text per combination of values, for grouping files. */
export function partitionId(columns: readonly string[], values: PartitionValues): string {
  return JSON.stringify(columns.map((column) => values[column] ?? null));
}

function escapeName(name: string): string {
  return name.replace(ESCAPED, percent);
}

function escapeValue(value: string | null): string {
  return value === null || value === '' ? NULL_FOLDER : value.replace(ESCAPED, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
