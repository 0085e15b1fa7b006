import type { DeltaTable } from '@hasivu/delta';
import { EXIT, PlatformError } from '@hasivu/errors';
import {
  choosePartitions,
  clusterColumns,
  OPTIMIZE_ALL,
  optimizeTable,
  planOptimize,
  tableColumns,
  type OptimizeRule,
} from '@hasivu/lake-engine';
import type { CliContext } from '../cli-context.ts';
import { checkRoom } from '../lake/check-room.ts';
import { openNamedTable } from '../lake/lake-table.ts';
import { withLake } from '../lake/open-lake.ts';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import type { LakeOptions } from './lake.ts';

export interface OptimizeCommandOptions extends LakeOptions {
  readonly zorderBy?: readonly string[];
  readonly where?: string;
  readonly targetSize?: number;
  readonly dryRun: boolean;
}

/** Rewrites small, marked and unsorted files of a table; with --dry-run says which. */
export async function optimize(
  context: CliContext,
  name: string,
  options: OptimizeCommandOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const table = await openNamedTable(lake.store, name);
    const configured = lake.settings(table.root).config;
    if (options.zorderBy !== undefined) checkColumns(table, options.zorderBy);
    const clusterBy = options.zorderBy ?? clusterColumns(tableColumns(table.state), configured.clusterBy);
    const rule: OptimizeRule = {
      ...OPTIMIZE_ALL,
      clusterBy,
      targetBytes: options.targetSize ?? configured.maintenance?.targetBytes,
    };
    const tools = await lake.tools(table);
    const where =
      options.where === undefined ? undefined : await choosePartitions(tools.engine, table, options.where);
    const plan = planOptimize(table.state, rule, Date.now(), await where?.takesIn(table.state));
    const bytes = plan.units.reduce((sum, unit) => sum + unit.bytes, 0);
    if (options.dryRun) {
      const files = plan.units.flatMap((unit) => unit.files);
      if (options.json)
        context.out.write(
          `${JSON.stringify({ table: name, dryRun: true, targetBytes: plan.targetBytes, files: files.map((file) => file.path), bytes, bins: plan.units.length })}\n`,
        );
      else {
        for (const file of files) context.out.write(`${file.path}\n`);
        context.out.write(
          `${formatCount(files.length)} files (${formatBytes(bytes)}) would be rewritten in ${formatCount(plan.units.length)} bins; files aim at ${formatBytes(plan.targetBytes)}\n`,
        );
      }
      return EXIT.ok;
    }
    await checkRoom(lake.config, lake.store, bytes, {
      doing: `rewriting files of the table ${table.root}`,
      signal: context.stop,
    });
    const report = await optimizeTable(tools, {
      rule,
      nowMs: Date.now,
      signal: context.stop,
      ...(where === undefined ? {} : { where }),
      onProgress: ({ bytesRemoved }, planned) =>
        context.err.write(`${formatBytes(bytesRemoved)} of ${formatBytes(planned)} rewritten\n`),
    });
    if (options.json) context.out.write(`${JSON.stringify({ table: name, ...report })}\n`);
    else
      context.out.write(
        `${formatCount(report.filesRemoved)} files (${formatBytes(report.bytesRemoved)}) became ${formatCount(report.filesAdded)} (${formatBytes(report.bytesAdded)})${report.dropped === 0 ? '' : `; ${formatCount(report.dropped)} bins were changed by a writer meanwhile`}${report.stopped ? '; stopped before the end' : ''}\n`,
      );
    return report.stopped ? EXIT.interrupted : EXIT.ok;
  });
}

function checkColumns({ root, state }: DeltaTable, columns: readonly string[]): void {
  const { partitionColumns } = state.metadata;
  const wrong = columns.find(
    (column) => partitionColumns.includes(column) || !state.schema.fields.some((own) => own.name === column),
  );
  if (wrong === undefined) return;
  throw new PlatformError('LAKE_CHOICE_INVALID', {
    doing: `sorting the files of the table ${root}`,
    why: `"${wrong}" is no column of its files`,
    context: { table: root },
  });
}
