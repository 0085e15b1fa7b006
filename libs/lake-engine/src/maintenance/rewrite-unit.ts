import {
  parseStatistics,
  statisticsJson,
  type Action,
  type AddFile,
  type ColumnMapping,
  type DeltaField,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { hasChangeFeed, tellDeleted } from '../change-files.ts';
import type { Engine } from '../engine.ts';
import type { EngineFile } from '../engine-session.ts';
import { identifier } from '../engine-sql.ts';
import { engineStatistics } from '../engine-statistics.ts';
import { storedFields, type OpenTable } from '../engine-table.ts';
import type { FileCache } from '../file-cache.ts';
import { LocalFiles } from '../local-files.ts';
import { unmarkedRows } from '../marked-rows-sql.ts';
import { readFiles } from '../read-files.ts';
import { storedAs, storedIds } from '../stored-columns.ts';
import { TableVectors } from '../table-vectors.ts';
import { writeClustered } from './clustered-write.ts';
import { cubeTags } from './core/clustering-plan.ts';
import type { OptimizePlan, RewriteUnit } from './core/optimize-plan.ts';
import type { LakeStore } from './lake-store.ts';

/** What rewrites files of one table. */
export interface RewriteTools {
  readonly table: OpenTable;
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly store: LakeStore;
}

/** Files and what takes their place; uploaded, and seen by nobody until a commit names them. */
export interface Rewrite {
  readonly files: readonly AddFile[];
  readonly adds: readonly AddFile[];
  /** Change files of the rows that go, for a table with a change data feed. */
  readonly changes?: readonly Action[];
}

/** Files fetched at once: a small file costs the wait for the store, not its bytes. */
const FETCHES = 8;

/**
 * Writes the unit's rows that are not marked deleted into new files and uploads these. Memory is the engine's bound, disk
 * the unit's bytes twice.
 * @param keeps SQL condition on the rows that stay; all by default
 * @throws LAKE_REWRITE_MISMATCH when it would lose or repeat a row; LAKE_MERGE_FAILED, STORE_OBJECT_MISSING
 */
export async function rewriteUnit(
  tools: RewriteTools,
  unit: RewriteUnit,
  plan: Pick<OptimizePlan, 'targetBytes' | 'orderBy' | 'clusterBy'>,
  keeps?: string,
): Promise<Rewrite> {
  const { table, engine, cache } = tools;
  const local = new LocalFiles(table, cache);
  await fetchTogether(local, unit.files);
  try {
    return await engine.exclusively(`rewriting files of ${table.root}`, async (session) => {
      const { columns } = table.delta.state;
      const stored = storedFields(table);
      const all = readFiles(stored, [], await local.groups(unit.files));
      const marked = await new TableVectors(session, table, cache, local).load(unit.files);
      const unmarked = marked ? unmarkedRows(all) : all;
      const rows = keeps === undefined ? unmarked : `(SELECT r.* FROM ${unmarked} r WHERE ${keeps})`;
      const options = { codec: table.codec, fieldIds: storedIds(columns, names(stored)) };
      const { clusterBy, targetBytes } = plan;
      const written =
        clusterBy.length === 0
          ? await session.writeParquet(
              orderedSql(rows, stored, columns, plan.orderBy),
              'rewritten',
              Number.MAX_SAFE_INTEGER,
              [],
              options,
            )
          : await writeClustered(
              session,
              { relation: rows, stored, clusterBy, columns, bytes: unit.bytes, targetBytes },
              'rewritten',
              options,
            );
      if (keeps === undefined) checkRows(table.root, unit.files, written);
      const tags = plan.clusterBy.length === 0 ? {} : cubeTags(table.newId(), plan.clusterBy);
      return {
        files: unit.files,
        adds: await upload(tools, unit, written, columns.storedFields(inIndexOrder(stored, plan)), tags),
        changes:
          keeps === undefined || !hasChangeFeed(table)
            ? []
            : await tellDeleted(
                session,
                table,
                `(SELECT r.* FROM ${unmarked} r WHERE NOT (${keeps}))`,
                unit.partitionValues,
              ),
      };
    });
  } finally {
    await local.forget(unit.files);
    await cache.trim();
  }
}

async function fetchTogether(local: LocalFiles, files: readonly AddFile[]): Promise<void> {
  for (let from = 0; from < files.length; from += FETCHES)
    await Promise.all(files.slice(from, from + FETCHES).map((file) => local.pathOf(file)));
}

function orderedSql(
  rows: string,
  stored: readonly DeltaField[],
  mapping: ColumnMapping,
  orderBy: readonly string[],
): string {
  const selected = stored.map((own) => storedAs(mapping, own.name));
  const sorted =
    orderBy.length === 0 ? ['q.__file', 'q.__row'] : orderBy.map((name) => `q.${identifier(name)}`);
  return `SELECT ${selected.join(', ')} FROM ${rows} q ORDER BY ${sorted.join(', ')}`;
}

function names(fields: readonly DeltaField[]): string[] {
  return fields.map((own) => own.name);
}

/** Statistics cover the first columns: those that the rows are clustered by have to be among them. */
function inIndexOrder(
  stored: readonly DeltaField[],
  { clusterBy }: Pick<OptimizePlan, 'clusterBy'>,
): DeltaField[] {
  const leads = (own: DeltaField): boolean => clusterBy.includes(own.name);
  return [...stored.filter(leads), ...stored.filter((own) => !leads(own))];
}

/** Whatever is wrong, with the statistics or with the engine: a table that loses a row is worse than one with small files. */
function checkRows(root: string, files: readonly AddFile[], written: readonly EngineFile[]): void {
  let expected = 0;
  for (const { stats, deletionVector } of files) {
    const { numRecords } = parseStatistics(stats);
    if (numRecords < 0) return;
    expected += numRecords - (deletionVector?.cardinality ?? 0);
  }
  const found = written.reduce((sum, file) => sum + file.rows, 0);
  if (found === expected) return;
  throw new PlatformError('LAKE_REWRITE_MISMATCH', {
    doing: `rewriting ${files.length} files of the table ${root}`,
    why: `they hold ${expected} rows by their statistics, and ${found} were written`,
    context: { table: root, expected, found },
  });
}

async function upload(
  { table, store }: RewriteTools,
  unit: RewriteUnit,
  written: readonly EngineFile[],
  fields: readonly DeltaField[],
  tags: Readonly<Record<string, string>>,
): Promise<AddFile[]> {
  const adds: AddFile[] = [];
  for (const file of written) {
    const stats = statisticsJson(fields, engineStatistics(fields, file.rows, file.columns));
    const { add, key } = table.nameFile(unit.partitionValues, file.sizeBytes, stats);
    await store.putFile(key, file.path);
    adds.push({ ...add, dataChange: false, ...(Object.keys(tags).length === 0 ? {} : { tags }) });
  }
  return adds;
}
