import type { LakeStore } from './lake-store.ts';

/** Folders of the lake that hold tables, `<layer>/<schema>/<table>`. */
export const LAYERS = ['bronze', 'silver', 'history', 'curated'] as const;

/** Folders that may be tables of the lake, in order; a request for each folder on the way, none for their files. */
export async function* listLakeTables(store: LakeStore): AsyncGenerator<string> {
  for (const layer of LAYERS)
    for await (const schema of store.folders(`${layer}/`))
      for await (const table of store.folders(`${layer}/${schema}/`)) yield `${layer}/${schema}/${table}`;
}
