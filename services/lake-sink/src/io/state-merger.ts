import {
  CHANGE_FEED_PROPERTY,
  columnDefault,
  VECTORS_PROPERTY,
  type Action,
  type AddFile,
} from '@hasivu/delta';
import {
  commitMerge,
  defaultValue,
  type Engine,
  type EngineSession,
  evaluating,
  type FileCache,
  LocalFiles,
  type MergeCommit,
  type PartitionFiles,
  replanned,
  setProperties,
  TableVectors,
  uploadEngineFiles,
  writePartitioned,
} from '@hasivu/lake-engine';
import type { ChangePosition } from '../core/change-position.ts';
import { withGrownColumns } from '../core/grown-columns.ts';
import type { FeedUse } from '../core/feed-use.ts';
import {
  batchRelation,
  existingRelation,
  lackingFilesSql,
  lastChangesSql,
  missingValuesSql,
  nextRowsSql,
  stateFields,
  storedColumns,
} from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { VectorLimits, VectorUse } from '../core/vector-policy.ts';
import { planChangedFiles } from './changed-files.ts';
import type { Failpoint } from './failpoint.ts';
import { GeneratedShapes } from './generated-shape.ts';
import type { KeyIndexes } from './key-index/key-indexes.ts';
import type { LakeTable } from './lake-table.ts';
import { enforceConstraints, type Checks } from './state-constraints.ts';
import { hasFeed, writeStateChanges } from './state-changes.ts';
import type { ChangePlace } from './state-matches.ts';

/** One batch to be applied to a state table. */
export interface StateBatch {
  readonly shape: TableShape;
  /** Local files of the batch's rows. */
  readonly files: readonly PartitionFiles[];
  /** The last TRUNCATE that the table knows, this batch's included: older changes are dropped. */
  readonly truncatedAt: ChangePosition | null;
  /** This batch has a TRUNCATE: rows of the table go too. */
  readonly truncates: boolean;
  readonly unavailable: readonly string[];
  /** Committed with the files: the offsets the batch ends at. */
  readonly txns: readonly Action[];
  readonly vectors: VectorUse;
  readonly feed: FeedUse;
  /** CHECK constraints that the table is to have. */
  readonly checks: Checks;
}

export interface StateMergerTools {
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly indexes: KeyIndexes;
  readonly failpoint: Failpoint;
  readonly limits: VectorLimits;
}

/** Applies batches to a state table: changed rows of large files are marked deleted, small files are rewritten. */
export class StateMerger {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #failpoint: Failpoint;
  readonly #limits: VectorLimits;
  readonly #indexes: KeyIndexes;
  readonly #generated = new GeneratedShapes();

  constructor({ engine, cache, indexes, failpoint, limits }: StateMergerTools) {
    this.#engine = engine;
    this.#cache = cache;
    this.#indexes = indexes;
    this.#failpoint = failpoint;
    this.#limits = limits;
  }

  /** @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT, LAKE_MERGE_FAILED; then nothing of the batch is visible */
  async apply(table: LakeTable, batch: StateBatch): Promise<MergeCommit> {
    const doing = `merging a batch into ${table.root}`;
    return await replanned(table, () =>
      this.#engine.exclusively(doing, (session) => this.#merge(session, table, batch)),
    );
  }

  async #merge(session: EngineSession, table: LakeTable, batch: StateBatch): Promise<MergeCommit> {
    const { state } = table.delta;
    const given = { root: table.root, state };
    const computed = await this.#generated.of(session, given, batch.shape);
    const shape = withGrownColumns(computed, state.schema);
    const live = [...state.files.keys()];
    const rows = batchRelation(shape, batch.files);
    await session.run(lastChangesSql(shape, rows, batch.truncatedAt));
    const local = new LocalFiles(table, this.#cache);
    const vectors = new TableVectors(session, table, this.#cache, local);
    const place = { session, table, cache: this.#cache, local, vectors, failpoint: this.#failpoint };
    const rule = { use: batch.vectors, limits: this.#limits };
    const truncatedAt = batch.truncates ? batch.truncatedAt : null;
    const changed = await planChangedFiles(place, shape, truncatedAt, rule, this.#indexes);
    const feeds = hasFeed(table, batch.feed);
    const defaults = await defaultsOf(session, table, shape);
    const unavailable = [...new Set([...batch.unavailable, ...(shape.unsent ?? [])])];
    if (feeds || unavailable.length > 0) await changed.matches.tabulate(feeds ? 'all' : 'lacking');
    const input = {
      batch: rows,
      existing: await keptFiles(place, shape, changed.rewritten),
      lacking: unavailable.length === 0 ? null : await filesWithMissingValues(place, shape),
      truncatedAt: batch.truncatedAt,
      unavailable,
      defaults,
      truncates: batch.truncates,
    };
    if (unavailable.length > 0) await session.run(missingValuesSql(shape, input));
    const checks = await enforceConstraints(place, shape, input, batch.checks);
    await session.run(nextRowsSql(shape, input));
    const order = {
      stored: storedColumns(shape),
      partitions: shape.partitions,
      orderBy: shape.key,
      codec: table.codec,
      columns: table.delta.state.columns,
    };
    const computing = (shape.generated ?? []).map(({ own }) => `generation of ${own.name}`);
    const written = await evaluating(table.root, computing, () =>
      writePartitioned(session, 'state_next', 'state', order),
    );
    const adds = await uploadEngineFiles(table, this.#cache, written, stateFields(shape), shape.partitions);
    const marks = await vectors.mark(await changed.matches.rowsIn(changed.marked));
    const told = feeds ? await writeStateChanges(place, shape, input, changed, adds) : null;
    const properties = {
      ...checks,
      ...(batch.feed === 'table' ? {} : { [CHANGE_FEED_PROPERTY]: String(feeds) }),
      ...(marks.length === 0 ? {} : { [VECTORS_PROPERTY]: 'true' }),
    };
    this.#failpoint('state-uploaded');
    return await commitMerge(table, this.#cache, {
      live,
      removed: [...changed.rewritten, ...changed.emptied],
      adds,
      actions: [...setProperties(table.delta, properties), ...marks, ...(told?.actions ?? []), ...batch.txns],
      dataChange: told?.dataChange ?? true,
      enforcesConstraints: true,
      metrics: { numTargetDeletionVectorsAdded: String(changed.marked.length), ...told?.metrics },
    });
  }
}

/** Of the columns that no change of the batch has a value for. */
async function defaultsOf(
  session: EngineSession,
  table: LakeTable,
  shape: TableShape,
): Promise<ReadonlyMap<string, string>> {
  const defaults = new Map<string, string>();
  if (shape.unsent === undefined) return defaults;
  const { schema, columns } = table.delta.state;
  for (const own of schema.fields) {
    const expression = shape.unsent.includes(own.name) ? columnDefault(own) : null;
    if (expression === null) continue;
    const place = { root: table.root, schema, columns };
    defaults.set(own.name, await defaultValue(session, place, own, expression));
  }
  return defaults;
}

async function keptFiles(
  { local, vectors }: ChangePlace,
  shape: TableShape,
  files: readonly AddFile[],
): Promise<string | null> {
  if (files.length === 0) return null;
  const groups = await local.groups(files);
  return existingRelation(shape, groups, await vectors.load(files));
}

/** The files whose rows have values that the batch's changes lack. */
async function filesWithMissingValues(
  { session, local }: ChangePlace,
  shape: TableShape,
): Promise<string | null> {
  const files = (await session.rows(lackingFilesSql(shape))).map((row) => local.at(row['__file']));
  return files.length === 0 ? null : existingRelation(shape, await local.groups(files), false);
}
