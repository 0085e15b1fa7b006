import { tableRetention } from '@hasivu/config';
import { DeltaTable } from '@hasivu/delta';
import { EXIT } from '@hasivu/errors';
import { retainTable, retentionCutMs } from '@hasivu/lake-engine';
import type { CliContext } from '../cli-context.ts';
import { surroundings } from '../lake/lake-table.ts';
import { rootsOf, withLake } from '../lake/open-lake.ts';
import { unknownTable } from '../lake/table-reference.ts';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import type { DryRunOptions } from './lake.ts';

/** Takes rows that are older than their table's retention out of the lake; with --dry-run says what would go. */
export async function retain(
  context: CliContext,
  name: string | undefined,
  options: DryRunOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const reports: object[] = [];
    for await (const root of rootsOf(lake, name)) {
      if (context.stop.aborted) break;
      const settings = lake.settings(root);
      const { hold } = settings.config.retention ?? {};
      if (hold !== undefined) {
        reports.push({ table: root, hold: hold.name });
        if (!options.json) context.out.write(`${root}: on legal hold (${hold.name}), nothing goes\n`);
        continue;
      }
      const table = await DeltaTable.open(root, surroundings(lake.store));
      if (table === null && name !== undefined) throw unknownTable(name);
      const columns = new Set(table?.state.schema.fields.map((own) => own.name));
      const retention = table === null ? null : tableRetention(settings, columns);
      if (table === null || retention === null) {
        if (name !== undefined && !options.json)
          context.out.write(`${root}: no retention is configured for it\n`);
        continue;
      }
      const cutMs = retentionCutMs(Date.now(), retention.ageMs);
      const report = await retainTable(await lake.tools(table), {
        rule: { column: retention.column, cutMs },
        nowMs: Date.now,
        dryRun: options.dryRun,
        signal: context.stop,
      });
      const before = new Date(cutMs).toISOString();
      reports.push({ table: root, column: retention.column, before, dryRun: options.dryRun, ...report });
      if (options.json || report === null) continue;
      const { wholeFiles, wholeBytes, mixedFiles, mixedBytes, rows } = report;
      context.out.write(
        options.dryRun
          ? `${root}: ${formatCount(wholeFiles)} files (${formatBytes(wholeBytes)}, ${formatCount(rows)} rows) with ${retention.column} before ${before} would go, ${formatCount(mixedFiles)} files (${formatBytes(mixedBytes)}) would lose rows\n`
          : `${root}: ${formatCount(rows)} rows with ${retention.column} before ${before} went; a vacuum deletes their files after the retention of files\n`,
      );
    }
    if (options.json) context.out.write(`${JSON.stringify({ tables: reports })}\n`);
    return context.stop.aborted ? EXIT.interrupted : EXIT.ok;
  });
}
