import { DeltaTable } from '@hasivu/delta';
import { EXIT } from '@hasivu/errors';
import { clusterColumns, OPTIMIZE_ALL, tableColumns, tableHealth } from '@hasivu/lake-engine';
import type { CliContext } from '../cli-context.ts';
import { healthTable, type TableLine } from '../lake/health-table.ts';
import { surroundings } from '../lake/lake-table.ts';
import { rootsOf, withLake } from '../lake/open-lake.ts';
import { unknownTable } from '../lake/table-reference.ts';
import type { LakeOptions } from './lake.ts';

/** How tables are stored: all of them, or one. */
export async function showHealth(
  context: CliContext,
  name: string | undefined,
  options: LakeOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const lines: TableLine[] = [];
    for await (const root of rootsOf(lake, name)) {
      const table = await DeltaTable.open(root, surroundings(lake.store));
      if (table === null && name !== undefined) throw unknownTable(name);
      if (table === null) continue;
      const { maintenance, clusterBy } = lake.settings(root).config;
      const rule = {
        ...OPTIMIZE_ALL,
        clusterBy: clusterColumns(tableColumns(table.state), clusterBy),
        targetBytes: maintenance?.targetBytes,
      };
      lines.push({ table: root, ...tableHealth(table.state, rule, Date.now()) });
    }
    if (options.json) context.out.write(`${JSON.stringify({ tables: lines })}\n`);
    else for (const line of healthTable(lines)) context.out.write(`${line}\n`);
    return EXIT.ok;
  });
}
