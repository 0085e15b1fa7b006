import type { HasivuConfig } from './config-schema.ts';
import type { TableConfig } from './lake-section.ts';
import { tableHistories } from './table-histories.ts';

export type LakeLayer = 'bronze' | 'silver' | 'history' | 'curated';

/** A table of the lake, and what the entry of `tables` that it belongs to says of it. */
export interface LakeTableSettings {
  readonly layer: LakeLayer;
  /** `schema.table` of the entry, `curated.<pipeline>.<output>`, or by the folder alone where no entry is for it. */
  readonly table: string;
  readonly config: Partial<TableConfig>;
}

const LAYERS: readonly string[] = ['bronze', 'silver', 'history', 'curated'] satisfies LakeLayer[];

/**
 * The settings of the table in the folder `bronze/<schema>/<table>` (`<database>.<schema>` for a database with a name);
 * null for a folder that is none of the platform's.
 * @param asFolder what a name becomes in folders
 */
export function lakeTableOf(
  { tables }: Pick<HasivuConfig, 'tables'>,
  root: string,
  asFolder: (name: string) => string,
): LakeTableSettings | null {
  const [layer = '', folder = '', name = '', ...more] = root.split('/');
  if (!LAYERS.includes(layer) || folder === '' || name === '' || more.length > 0) return null;
  if (layer === 'curated') return { layer, table: `curated.${folder}.${name}`, config: {} };
  const schema = folder.slice(folder.lastIndexOf('.') + 1);
  const found = Object.entries(tables).find(([table, config]) => {
    const at = table.indexOf('.');
    if (asFolder(table.slice(0, at)) !== schema) return false;
    if (layer !== 'history') return asFolder(table.slice(at + 1)) === name;
    return tableHistories(table, config).some(
      (one) => one.name === name || (one.type === 4 && `${one.name}_history` === name),
    );
  });
  const [table = `${folder}.${name}`, config = {}] = found ?? [];
  return { layer: layer as LakeLayer, table, config };
}
