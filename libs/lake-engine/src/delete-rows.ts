import { removalOf, VECTORS_PROPERTY, type Action, type AddFile } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { hasChangeFeed, tellDeleted } from './change-files.ts';
import type { Engine } from './engine.ts';
import { uploadEngineFiles } from './engine-files.ts';
import type { EngineSession } from './engine-session.ts';
import { partitionNames, storedFields, type EngineTable } from './engine-table.ts';
import type { FileCache } from './file-cache.ts';
import { LocalFiles } from './local-files.ts';
import { unmarkedRows } from './marked-rows-sql.ts';
import { writePartitionRows } from './partition-rows.ts';
import { replanned } from './merge-commit.ts';
import { parsePredicate, type RowPredicate } from './predicate/row-predicate.ts';
import { readFiles } from './read-files.ts';
import { TableVectors } from './table-vectors.ts';

export interface DeleteRequest {
  /** A condition on the table's columns, in the engine's SQL. */
  readonly where: string;
  /** Only counts. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface DeleteReport {
  readonly rows: number;
  /** Files that lose rows. */
  readonly files: number;
  /** Of those: their rows are marked in deletion vectors, they are rewritten, or they go because no row is left. */
  readonly marked: number;
  readonly rewritten: number;
  readonly emptied: number;
  /** Of the commit; null where there was nothing to delete, or nothing was to be changed. */
  readonly version: number | null;
}

/** A file that loses rows, and how many it has. */
interface HitFile {
  readonly file: AddFile;
  readonly hit: number;
  readonly total: number;
}

/** Where the rows are looked for and taken out. */
interface DeletePlace {
  readonly session: EngineSession;
  readonly table: EngineTable;
  readonly cache: FileCache;
  readonly local: LocalFiles;
  readonly vectors: TableVectors;
}

/** Plans of one deletion while others write: a busy table has a commit a second. */
const MAX_TRIES = 20;

/**
 * Deletes the rows that satisfy a condition, as one commit: marked in deletion vectors where the table has them switched on,
 * else their files are rewritten. One file at a time, so memory is bounded by a file; files that cannot hold such a
 * row are not read. Where others change rows meanwhile so that they may satisfy it, the deletion is planned again; rows that
 * they only append come after it.
 * @throws LAKE_PREDICATE_INVALID, LAKE_APPEND_ONLY, LAKE_COMMIT_CONFLICT; then nothing is deleted
 */
export async function deleteRows(
  table: EngineTable,
  tools: { readonly engine: Engine; readonly cache: FileCache },
  request: DeleteRequest,
): Promise<DeleteReport> {
  const { root, delta } = table;
  if (delta.state.metadata.configuration['delta.appendOnly'] === 'true') {
    throw new PlatformError('LAKE_APPEND_ONLY', {
      doing: `deleting rows of the table ${root}`,
      why: 'its property delta.appendOnly is true',
      context: { table: root },
    });
  }
  return await replanned(
    table,
    () =>
      tools.engine.exclusively(`deleting rows of ${root}`, (session) => {
        const local = new LocalFiles(table, tools.cache);
        const vectors = new TableVectors(session, table, tools.cache, local);
        return deleteOnce({ session, table, cache: tools.cache, local, vectors }, request);
      }),
    MAX_TRIES,
  );
}

async function deleteOnce(place: DeletePlace, request: DeleteRequest): Promise<DeleteReport> {
  const { session, table, cache, local } = place;
  const { state } = table.delta;
  const predicate = await parsePredicate(
    session,
    { root: table.root, schema: state.schema, columns: state.columns },
    request.where,
  );
  const found = await hitFiles(place, predicate, request.signal);
  const emptied = found.filter(({ hit, total }) => hit === total).map(({ file }) => file);
  const thinned = found.filter(({ hit, total }) => hit < total).map(({ file }) => file);
  const canMark = state.metadata.configuration[VECTORS_PROPERTY] === 'true';
  const report = {
    rows: found.reduce((sum, { hit }) => sum + hit, 0),
    files: found.length,
    marked: canMark ? thinned.length : 0,
    rewritten: canMark ? 0 : thinned.length,
    emptied: emptied.length,
  };
  if (found.length === 0 || request.dryRun === true) return { ...report, version: null };
  const nowMs = Date.now();
  const actions: Action[] = emptied.map((file) => removalOf(file, nowMs));
  if (canMark) actions.push(...(await markRows(place, predicate, thinned)));
  else
    for (const file of thinned) {
      request.signal?.throwIfAborted();
      actions.push(removalOf(file, nowMs), ...(await rewriteFile(place, predicate, file)));
    }
  // Files that go whole tell their readers by that; where one only loses rows, all changes of the commit are told.
  if (hasChangeFeed(table) && thinned.length > 0)
    for (const { file } of found) {
      const rows = `(SELECT * FROM ${await rowsOf(place, file)} WHERE ${predicate.sql})`;
      actions.push(...(await tellDeleted(session, table, rows, file.partitionValues)));
    }
  const version = await table.delta.commit({
    actions,
    operation: 'DELETE',
    // The condition may name a person: it is not kept.
    operationMetrics: {
      numDeletedRows: String(report.rows),
      numRemovedFiles: String(report.emptied + report.rewritten),
      numDeletionVectorsAdded: String(report.marked),
    },
    reads: {
      files: new Set(found.map(({ file }) => file.path)),
      wouldRead: (file) => predicate.mayHold(file),
    },
    enforcesConstraints: true,
  });
  await local.forget([...emptied, ...(canMark ? [] : thinned)]);
  await cache.trim();
  return { ...report, version };
}

/** The files with rows to delete, read one by one unless their statistics rule it out. */
async function hitFiles(
  place: DeletePlace,
  predicate: RowPredicate,
  signal: AbortSignal | undefined,
): Promise<HitFile[]> {
  const found: HitFile[] = [];
  for (const file of place.table.delta.state.files.values()) {
    if (!predicate.mayHold(file)) continue;
    signal?.throwIfAborted();
    const query = `SELECT count(*) FILTER (${predicate.sql}) AS hit, count(*) AS total FROM ${await rowsOf(place, file)}`;
    const [counted] = await place.session.rows(query);
    const hit = Number(counted?.['hit']);
    if (hit > 0) found.push({ file, hit, total: Number(counted?.['total']) });
  }
  return found;
}

async function markRows(
  place: DeletePlace,
  predicate: RowPredicate,
  files: readonly AddFile[],
): Promise<Action[]> {
  const rows = new Map<AddFile, readonly number[]>();
  for (const file of files) {
    const query = `SELECT list(CAST(__row AS DOUBLE) ORDER BY __row) AS at FROM ${await rowsOf(place, file)} WHERE ${predicate.sql}`;
    const [answer] = await place.session.rows(query);
    rows.set(file, answer?.['at'] as number[]);
  }
  return await place.vectors.mark(rows);
}

/** The file's other rows in a file of their own. */
async function rewriteFile(place: DeletePlace, predicate: RowPredicate, file: AddFile): Promise<Action[]> {
  const { session, table, cache } = place;
  const kept = `(SELECT * FROM ${await rowsOf(place, file)} WHERE NOT coalesce(${predicate.sql}, false)) q ORDER BY q.__row`;
  const { partitionValues } = file;
  const files = await writePartitionRows(session, table, { name: 'kept', from: kept, partitionValues });
  const adds = await uploadEngineFiles(table, cache, files, storedFields(table), partitionNames(table));
  return adds.map((add) => ({ add }));
}

/** The rows of a file that are in the table. */
async function rowsOf({ table, local, vectors }: DeletePlace, file: AddFile): Promise<string> {
  const { fields } = table.delta.state.schema;
  const rows = readFiles(fields, partitionNames(table), await local.groups([file]));
  return (await vectors.load([file])) ? unmarkedRows(rows) : rows;
}
