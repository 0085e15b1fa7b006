import { LAYERS } from '../../maintenance/lake-tables.ts';

/** What an object of the lake is, as its key tells. */
export const OBJECT_KINDS = ['data', 'log', 'vectors', 'changes', 'other'] as const;

export type ObjectKind = (typeof OBJECT_KINDS)[number];

export interface ObjectPlace {
  /** Folder of the table, `silver/public/orders`; empty for what is in none. */
  readonly table: string;
  readonly kind: ObjectKind;
}

const VECTORS = /(?:^|\/)deletion_vector_[^/]+\.bin$/u;

/** Where an object belongs: `other` are those of no table, and those in a table's folder that are none of its format. */
export function placeOf(key: string): ObjectPlace {
  const [layer = '', schema = '', table = '', ...rest] = key.split('/');
  if (rest.length === 0 || !LAYERS.some((name) => name === layer)) return { table: '', kind: 'other' };
  return { table: `${layer}/${schema}/${table}`, kind: kindOf(rest) };
}

function kindOf(path: readonly string[]): ObjectKind {
  const [folder] = path;
  if (folder === '_delta_log') return 'log';
  if (folder === '_change_data') return 'changes';
  const name = path.at(-1) ?? '';
  if (VECTORS.test(name)) return 'vectors';
  return name.endsWith('.parquet') ? 'data' : 'other';
}
