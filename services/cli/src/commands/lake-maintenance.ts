import {
  lakeTableOf,
  tableRetention,
  tierRules,
  type HasivuConfig,
  type LakeTableSettings,
} from '@hasivu/config';
import { topicPart } from '@hasivu/change-events';
import { DeltaTable } from '@hasivu/delta';
import { EXIT, PlatformError } from '@hasivu/errors';
import {
  Engine,
  FileCache,
  LIST_PRICES,
  listLakeTables,
  OPTIMIZE_ALL,
  OpenTable,
  optimizeTable,
  parsePartitionPredicate,
  planOptimize,
  retainTable,
  retentionCutMs,
  tableHealth,
  tierCost,
  tierTable,
  type OptimizeRule,
  type TierPlan,
  type TierRule,
} from '@hasivu/lake-engine';
import { openStore, type ObjectStore } from '@hasivu/object-store';
import type { CliContext } from '../cli-context.ts';
import { healthTable, type TableLine } from '../lake/health-table.ts';
import { configWithLake } from '../lake/lake-section.ts';
import { accessEvidenceOf, evidenceLine, readBytesText } from '../lake/access-evidence.ts';
import { openNamedTable, rootOf, surroundings } from '../lake/lake-table.ts';
import { parseReference, unknownTable } from '../lake/table-reference.ts';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import type { LakeOptions } from './lake.ts';

export interface OptimizeCommandOptions extends LakeOptions {
  readonly zorderBy?: readonly string[];
  readonly where?: string;
  readonly targetSize?: number;
  readonly dryRun: boolean;
}

export interface DryRunOptions extends LakeOptions {
  readonly dryRun: boolean;
}

/** What access logs call these commands: their reads are no reads of a query. */
const MAINTENANCE = 'hasivu/lake-maintenance';
const ENGINE_MEMORY_BYTES = 256e6;
const CACHE_BYTES = 64 << 20;

/** The lake of a configuration while a command works on it. */
interface OpenLake {
  readonly config: HasivuConfig;
  readonly store: ObjectStore;
  /** Opens what rewrites files of a table; it is closed with the lake. */
  tools(table: DeltaTable): Promise<Parameters<typeof optimizeTable>[0]>;
  /** What the configuration says of a table. */
  settings(root: string): LakeTableSettings;
}

/** Rewrites small, marked and unsorted files of a table; with --dry-run says which. */
export async function optimize(
  context: CliContext,
  name: string,
  options: OptimizeCommandOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const table = await openNamedTable(lake.store, name);
    const { metadata, schema } = table.state;
    const configured = lake.settings(table.root).config;
    const clusterBy = (options.zorderBy ?? configured.clusterBy ?? []).filter(
      (column) => options.zorderBy !== undefined || schema.fields.some((own) => own.name === column),
    );
    checkColumns(table, clusterBy);
    const rule: OptimizeRule = {
      ...OPTIMIZE_ALL,
      clusterBy,
      targetBytes: options.targetSize ?? configured.maintenance?.targetBytes,
    };
    const where =
      options.where === undefined
        ? undefined
        : parsePartitionPredicate(options.where, {
            root: table.root,
            schema,
            partitionColumns: metadata.partitionColumns,
            columns: table.state.columns,
          });
    if (options.dryRun) {
      const plan = planOptimize(table.state, rule, Date.now(), where?.takes);
      const files = plan.units.flatMap((unit) => unit.files);
      const bytes = plan.units.reduce((sum, unit) => sum + unit.bytes, 0);
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
    const report = await optimizeTable(await lake.tools(table), {
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
      const { maintenance, clusterBy = [] } = lake.settings(root).config;
      const columns = clusterBy.filter((column) =>
        table.state.schema.fields.some((own) => own.name === column),
      );
      const rule = { ...OPTIMIZE_ALL, clusterBy: columns, targetBytes: maintenance?.targetBytes };
      lines.push({ table: root, ...tableHealth(table.state, rule, Date.now()) });
    }
    if (options.json) context.out.write(`${JSON.stringify({ tables: lines })}\n`);
    else for (const line of healthTable(lines)) context.out.write(`${line}\n`);
    return EXIT.ok;
  });
}

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

/** Moves data files to the storage classes of their age; with --dry-run says which, what it costs and what it saves. */
export async function tiers(
  context: CliContext,
  name: string | undefined,
  options: DryRunOptions,
): Promise<number> {
  return await withLake(context, options, async (lake) => {
    const rules = tierRulesOf(lake.config);
    const reports: object[] = [];
    await using evidence = accessEvidenceOf(lake.config, lake.store, MAINTENANCE);
    // What a dry run has read is read again: it leaves everything as it is.
    const look = (await evidence?.look({ keeps: !options.dryRun, signal: context.stop })) ?? null;
    if (look !== null && !options.json) context.out.write(`${evidenceLine(look)}\n`);
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

async function* rootsOf({ store }: OpenLake, name: string | undefined): AsyncGenerator<string> {
  if (name !== undefined) yield rootOf(parseReference(name));
  else yield* listLakeTables(store);
}

async function withLake(
  context: CliContext,
  { file }: LakeOptions,
  work: (lake: OpenLake) => Promise<number>,
): Promise<number> {
  const config = configWithLake(context, file);
  await using resources = new AsyncDisposableStack();
  const store = resources.adopt(openStore({ ...config.lake, userAgent: MAINTENANCE }), (open) =>
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
