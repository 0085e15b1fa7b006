import { lakeTableOf, type HasivuConfig, type LakeTableSettings } from '@hasivu/config';
import { topicPart } from '@hasivu/change-events';
import type { DeltaTable } from '@hasivu/delta';
import { Engine, FileCache, listLakeTables, OpenTable, type RewriteTools } from '@hasivu/lake-engine';
import { openStore, type ObjectStore } from '@hasivu/object-store';
import type { CliContext } from '../cli-context.ts';
import type { LakeOptions } from '../commands/lake.ts';
import { configWithLake } from './lake-section.ts';
import { rootOf, surroundings } from './lake-table.ts';
import { parseReference } from './table-reference.ts';

/** What access logs call commands that look after tables: their reads are no reads of a query. */
export const MAINTENANCE_AGENT = 'hasivu/lake-maintenance';
const ENGINE_MEMORY_BYTES = 256e6;
const CACHE_BYTES = 64 << 20;

/** The lake of a configuration while a command works on it. */
export interface OpenLake {
  readonly config: HasivuConfig;
  readonly store: ObjectStore;
  /** Opens what rewrites files of a table; it is closed with the lake. */
  tools(table: DeltaTable): Promise<RewriteTools>;
  /** What the configuration says of a table. */
  settings(root: string): LakeTableSettings;
}

/** The table that is named, or all of the lake. */
export async function* rootsOf({ store }: OpenLake, name: string | undefined): AsyncGenerator<string> {
  if (name !== undefined) yield rootOf(parseReference(name));
  else yield* listLakeTables(store);
}

/** Opens the lake of a configuration for as long as `work` runs. */
export async function withLake(
  context: CliContext,
  { file }: LakeOptions,
  work: (lake: OpenLake) => Promise<number>,
): Promise<number> {
  const config = configWithLake(context, file);
  await using resources = new AsyncDisposableStack();
  const store = resources.adopt(openStore({ ...config.lake, userAgent: MAINTENANCE_AGENT }), (open) =>
    open.close(),
  );
  let opened: Promise<{ engine: Engine; cache: FileCache }> | null = null;
  const open = async (): Promise<{ engine: Engine; cache: FileCache }> => {
    const cache = resources.adopt(await FileCache.open(store, 'lake-command', CACHE_BYTES), (one) =>
      one.close(),
    );
    const engine = new Engine({ folder: cache.folder, memoryBytes: ENGINE_MEMORY_BYTES });
    return { engine: resources.adopt(engine, (one) => one.close()), cache };
  };
  return await work({
    config,
    store,
    tools: async (delta) => {
      const { engine, cache } = await (opened ??= open());
      return { table: new OpenTable(delta, surroundings(store)), engine, cache, store };
    },
    settings: (root) => lakeTableOf(config, root, topicPart) ?? { layer: 'curated', table: root, config: {} },
  });
}
