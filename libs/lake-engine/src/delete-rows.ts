import {
  CHANGE_FEED_PROPERTY,
  removalOf,
  VECTORS_PROPERTY,
  type Action,
  type AddFile,
  type DeltaField,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { CHANGE_TYPE, uploadChangeFiles } from './change-files.ts';
import type { Engine } from './engine.ts';
import { uploadEngineFiles } from './engine-files.ts';
import type { EngineFile, EngineSession } from './engine-session.ts';
import { identifier } from './engine-sql.ts';
import type { EngineTable } from './engine-table.ts';
import type { FileCache } from './file-cache.ts';
import { LocalFiles } from './local-files.ts';
import { unmarkedRows } from './marked-rows-sql.ts';
import { replanned } from './merge-commit.ts';
import { parsePredicate, type RowPredicate } from './predicate/row-predicate.ts';
import { readFiles } from './read-files.ts';
import { storedAs, storedIds } from './stored-columns.ts';
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
  if (state.metadata.configuration[CHANGE_FEED_PROPERTY] === 'true' && thinned.length > 0)
    for (const { file } of found) actions.push(...(await tellDeleted(place, predicate, file)));
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
  const { table, cache } = place;
  const kept = `SELECT ${storedColumns(place)} FROM (SELECT * FROM ${await rowsOf(place, file)} WHERE NOT coalesce(${predicate.sql}, false)) q ORDER BY q.__row`;
  const written = await writeRows(place, kept, 'kept');
  const files = inPartitionOf(table, file, written);
  const adds = await uploadEngineFiles(table, cache, files, storedFields(place), partitionNames(table));
  return adds.map((add) => ({ add }));
}

/** The file's deleted rows, for readers of the change data feed. */
async function tellDeleted(place: DeletePlace, predicate: RowPredicate, file: AddFile): Promise<Action[]> {
  const { table } = place;
  const deleted = `SELECT ${storedColumns(place)}, 'delete' AS ${identifier(CHANGE_TYPE.name)} FROM (SELECT * FROM ${await rowsOf(place, file)} WHERE ${predicate.sql})`;
  const written = await writeRows(place, deleted, 'deleted');
  return await uploadChangeFiles(table, inPartitionOf(table, file, written), partitionNames(table));
}

/** The rows of a file that are in the table. */
async function rowsOf({ table, local, vectors }: DeletePlace, file: AddFile): Promise<string> {
  const { fields } = table.delta.state.schema;
  const rows = readFiles(fields, partitionNames(table), await local.groups([file]));
  return (await vectors.load([file])) ? unmarkedRows(rows) : rows;
}

function storedFields({ table }: DeletePlace): readonly DeltaField[] {
  const outside = new Set(table.partitionColumns);
  return table.delta.state.schema.fields.filter((own) => !outside.has(own.name));
}

/** The columns under the names that files have, which a condition may know as other columns: it stands inside. */
function storedColumns(place: DeletePlace): string {
  const { columns } = place.table.delta.state;
  return storedFields(place)
    .map((own) => storedAs(columns, own.name))
    .join(', ');
}

/** One file of a query's rows; a session writes many, each to a place of its own. */
async function writeRows(place: DeletePlace, query: string, what: string): Promise<EngineFile[]> {
  const { session, table } = place;
  const fieldIds = storedIds(
    table.delta.state.columns,
    storedFields(place).map((own) => own.name),
  );
  const name = `${what}-${table.newId()}`;
  return await session.writeParquet(query, name, Number.MAX_SAFE_INTEGER, [], {
    codec: table.codec,
    fieldIds,
  });
}

function partitionNames({ partitionColumns }: EngineTable): { readonly name: string }[] {
  return partitionColumns.map((name) => ({ name }));
}

/** Files that were written of one file's rows are in its partition. */
function inPartitionOf(
  { delta, partitionColumns }: EngineTable,
  { partitionValues }: AddFile,
  written: readonly EngineFile[],
): EngineFile[] {
  const values = delta.state.columns.namedValues(partitionValues);
  const texts = partitionColumns.map((name, at) => [`__p${at}`, values[name] ?? null] as const);
  return written.map((one) => ({ ...one, partitionTexts: new Map(texts) }));
}
