import { EXIT } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { withLake } from '../lake/open-lake.ts';
import { tableUsages, type TableUsage } from '../lake/table-usage.ts';
import { usageTable } from '../lake/usage-table.ts';
import type { LakeOptions } from './lake.ts';

/** What is stored under the lake's prefix, by table and kind, against its capacity. @throws STORE_* */
export async function showUsage(context: CliContext, options: LakeOptions): Promise<number> {
  return await withLake(context, options, async ({ config, store }) => {
    const usages: TableUsage[] = [];
    for await (const usage of tableUsages(store, context.stop)) usages.push(usage);
    if (context.stop.aborted) return EXIT.interrupted;
    const capacityBytes = config.lake?.capacity?.maxBytes ?? null;
    if (options.json) context.out.write(`${JSON.stringify(usageJson(usages, capacityBytes))}\n`);
    else for (const line of usageTable(usages, capacityBytes)) context.out.write(`${line}\n`);
    return EXIT.ok;
  });
}

function usageJson(usages: readonly TableUsage[], capacityBytes: number | null): object {
  const bytes = usages.reduce((sum, usage) => sum + usage.bytes, 0);
  return {
    bytes,
    objects: usages.reduce((sum, usage) => sum + usage.objects, 0),
    capacityBytes,
    ratio: capacityBytes === null ? null : bytes / capacityBytes,
    tables: usages.map(({ kinds, ...usage }) => ({ ...usage, ...kinds })),
  };
}
