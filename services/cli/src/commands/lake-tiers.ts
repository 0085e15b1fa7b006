import { tierRules, type HasivuConfig } from '@hasivu/config';
import { DeltaTable } from '@hasivu/delta';
import { EXIT, PlatformError } from '@hasivu/errors';
import { LIST_PRICES, tierCost, tierTable, type TierPlan, type TierRule } from '@hasivu/lake-engine';
import type { CliContext } from '../cli-context.ts';
import { accessEvidenceOf, evidenceLine, readBytesText } from '../lake/access-evidence.ts';
import { surroundings } from '../lake/lake-table.ts';
import { MAINTENANCE_AGENT, rootsOf, withLake } from '../lake/open-lake.ts';
import { unknownTable } from '../lake/table-reference.ts';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import type { DryRunOptions } from './lake.ts';

/** Moves data files to the storage classes of their age; with --dry-run says which, what it costs and what it saves. @throws LAKE_ACCESS_LOG_SILENT, STORE_* */
export async function tiers(
  context: CliContext,
  name: string | undefined,
  options: DryRunOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const rules = tierRulesOf(lake.config);
    const reports: object[] = [];
    await using evidence = accessEvidenceOf(lake.config, lake.store, MAINTENANCE_AGENT);
    // What a dry run has read is read again: it leaves everything as it is.
    const look = (await evidence?.look({ keeps: !options.dryRun, signal: context.stop })) ?? null;
    if (look !== null && !options.json) context.out.write(`${evidenceLine(look)}\n`);
    const silence = look?.stopped === false ? evidence?.silence() : null;
    if (silence != null) throw silence;
    for await (const root of rootsOf(lake, name)) {
      if (context.stop.aborted) break;
      const table = await DeltaTable.open(root, surroundings(lake.store));
      if (table === null && name !== undefined) throw unknownTable(name);
      if (table === null) continue;
      const { plan, movedFiles, movedBytes } = await tierTable(table, lake.store, {
        rules,
        nowMs: Date.now,
        dryRun: options.dryRun,
        signal: context.stop,
        ...(evidence === null ? {} : { lastReadMs: evidence.lastReadMs }),
      });
      const cost = tierCost(plan, LIST_PRICES);
      const bytesNow = Object.fromEntries(plan.bytesNow);
      const bytesThen = Object.fromEntries(plan.bytesThen);
      reports.push({
        table: root,
        dryRun: options.dryRun,
        bytesNow,
        bytesThen,
        moves: plan.moves.length,
        ...(evidence === null ? {} : readBytes(plan)),
        movedFiles,
        movedBytes,
        cost,
      });
      if (options.json) continue;
      const moving = plan.moves.reduce((sum, move) => sum + move.file.size, 0);
      const reads = Number.isFinite(cost.readsToBreakEven)
        ? `, as long as all of it is read less than ${cost.readsToBreakEven.toFixed(1)} times a month`
        : '';
      context.out.write(
        options.dryRun
          ? `${root}: ${formatCount(plan.moves.length)} files (${formatBytes(moving)}) would move; a month costs $${cost.monthNow.toFixed(2)} now, $${cost.monthThen.toFixed(2)} then, the moves $${cost.moves.toFixed(4)} once${reads}${cost.unpriced.length === 0 ? '' : `; no price for ${cost.unpriced.join(', ')}`}${evidence === null ? '' : readBytesText(plan)}\n`
          : `${root}: ${formatCount(movedFiles)} files (${formatBytes(movedBytes)}) moved\n`,
      );
    }
    if (options.json)
      context.out.write(
        `${JSON.stringify({ ...(look === null ? {} : { accessLog: look }), tables: reports })}\n`,
      );
    return context.stop.aborted ? EXIT.interrupted : EXIT.ok;
  });
}

function readBytes({ readFiles, readBytes: bytes, keptBytes, returnedBytes }: TierPlan): object {
  return { readFiles, readBytes: bytes, keptBytes, returnedBytes };
}

function tierRulesOf({ lake }: HasivuConfig): TierRule[] {
  const configured = tierRules(lake?.tiers);
  if (configured.length > 0) return configured;
  throw new PlatformError('CONFIG_INVALID', {
    doing: 'looking for the tiers of the lake',
    why: '/lake/tiers is missing: it says after how many days files move to which storage class',
  });
}
