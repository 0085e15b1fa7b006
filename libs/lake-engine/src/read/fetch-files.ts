import { mkdir } from 'node:fs/promises';
import { cutFooter, keyOfPath, type AddFile, type ColumnStatistics, type DeltaField } from '@hasivu/delta';
import { foldName } from '../fold-name.ts';
import { atOnce } from '../at-once.ts';
import { copyPath, SMALL_BYTES } from '../column-copy.ts';
import type { EngineSession } from '../engine-session.ts';
import type { FileCache } from '../file-cache.ts';
import { mayHoldRows, type FileBound, type KnownRows } from '../predicate/file-bounds.ts';
import { rowGroups, type RowGroup } from '../row-groups.ts';
import { SparseCopy, type LakeObject } from '../sparse-copy.ts';
import { absentValues } from './bloom-filters.ts';
import { keptRanges, type KeptRange } from './core/kept-rows.ts';
import { namesById } from './file-names.ts';

export interface ReadTools {
  readonly session: EngineSession;
  readonly cache: FileCache;
  readonly signal: AbortSignal;
  /** Files up to this size are fetched whole. */
  readonly smallBytes?: number;
}

/** What is read of each file. */
export interface ReadPart {
  readonly root: string;
  /** Columns as the log names them, without those that name the partition. */
  readonly stored: readonly DeltaField[];
  /** Files have the columns by their ids. */
  readonly byId: boolean;
  readonly bound: FileBound;
}

/** A file of which something is read. */
export interface FetchedFile {
  readonly file: AddFile;
  /** Local, and only of this session. */
  readonly path: string;
  /** Its rows, where these are not all of the file's. */
  readonly ranges: readonly KeptRange[] | null;
}

export interface Fetched {
  readonly files: readonly FetchedFile[];
  /** Row groups of the files that were looked into, and how many of these are read. */
  readonly rowGroups: { readonly read: number; readonly of: number };
}

const REQUESTS_AT_ONCE = 8;
/** Files whose footers are looked through by one query. */
const LOOKED_AT_ONCE = 64;
/** Of a file of which more is needed, all is fetched: it stays in the cache, and a part would not. */
const WHOLE_SHARE = 0.5;

interface LakeFile {
  readonly file: AddFile;
  readonly object: LakeObject;
}

/** A file whose footer is here. */
interface LookedFile extends LakeFile {
  readonly path: string;
  readonly copy: SparseCopy;
  readonly groups: readonly (RowGroup & { readonly kept: boolean })[];
}

/**
 * Makes of each file the columns and the row groups at hand that may hold rows of the answer. Small files are fetched
 * whole; a file without such a row group is not among the answer. @throws STORE_OBJECT_MISSING, STORE_*
 */
export async function fetchFiles(
  tools: ReadTools,
  part: ReadPart,
  files: readonly AddFile[],
): Promise<Fetched> {
  const { session, cache, signal, smallBytes = SMALL_BYTES } = tools;
  await mkdir(session.folder, { recursive: true });
  const { near = [], large = [] } = Object.groupBy(
    files.map((file): LakeFile => {
      const key = `${part.root}/${keyOfPath(file.path)}`;
      return { file, object: { key, sizeBytes: file.size } };
    }),
    ({ object: { key, sizeBytes } }) =>
      sizeBytes <= smallBytes || cache.has(key, sizeBytes) ? 'near' : 'large',
  );
  const fetched = await atOnce(near, REQUESTS_AT_ONCE, (one) => {
    signal.throwIfAborted();
    return fetchWhole(tools, one);
  });
  const counted = { read: 0, of: 0 };
  for (let at = 0; at < large.length; at += LOOKED_AT_ONCE) {
    await using copies = new AsyncDisposableStack();
    const looked = await lookInto(tools, part, large.slice(at, at + LOOKED_AT_ONCE), copies);
    for (const { groups } of looked) {
      counted.of += groups.length;
      counted.read += groups.filter(({ kept }) => kept).length;
    }
    const wanted = looked.filter(({ groups }) => groups.some(({ kept }) => kept));
    fetched.push(...(await atOnce(wanted, REQUESTS_AT_ONCE, (one) => fetchPart(tools, one))));
  }
  return { files: fetched, rowGroups: counted };
}

/** Fetches the footers and chooses the row groups. */
async function lookInto(
  { session, cache, signal }: ReadTools,
  { stored, byId, bound }: ReadPart,
  files: readonly LakeFile[],
  copies: AsyncDisposableStack,
): Promise<LookedFile[]> {
  const opened = await atOnce(files, REQUESTS_AT_ONCE, async ({ file, object }) => {
    signal.throwIfAborted();
    const path = copyPath(session, cache, object.key);
    return { file, object, path, copy: copies.use(await SparseCopy.open(cache, object, path)) };
  });
  const paths = opened.map(({ path }) => path);
  const byIds = byId ? await namesById(session, paths, stored) : null;
  const namesIn = new Map(
    paths.map((path) => [path, byIds?.get(path) ?? new Map(stored.map(({ name }) => [name, name]))]),
  );
  const found = await rowGroups(
    session,
    [...namesIn].map(([path, names]) => ({ path, columns: [...names.values()] })),
  );
  const looked = opened.map((one) => {
    const names = namesIn.get(one.path) ?? new Map<string, string>();
    const groups = (found.get(one.path) ?? []).map((group): KnownGroup => {
      const statistics = { numRecords: group.rows, columns: byLogNames(group, names) };
      const known = { partitionValues: one.file.partitionValues, statistics };
      return { ...group, known, kept: mayHoldRows(bound, known) };
    });
    return { ...one, names, groups };
  });
  const left = looked.filter(({ groups }) => groups.some(({ kept }) => kept));
  const absentIn = await absentValues(session, left, bound);
  return looked.map((one) => {
    const groups = one.groups.map((group, at) => ({
      ...group,
      kept: group.kept && mayHoldRows(bound, { ...group.known, absent: absentIn(one.path, at) }),
    }));
    return { ...one, groups };
  });
}

interface KnownGroup extends RowGroup {
  readonly known: KnownRows;
  readonly kept: boolean;
}

function byLogNames(
  { statistics }: RowGroup,
  names: ReadonlyMap<string, string>,
): Map<string, ColumnStatistics> {
  const known = new Map<string, ColumnStatistics>();
  for (const [name, inFile] of names) {
    const found = statistics.get(foldName(inFile));
    if (found !== undefined) known.set(name, found);
  }
  return known;
}

async function fetchPart(tools: ReadTools, looked: LookedFile): Promise<FetchedFile> {
  tools.signal.throwIfAborted();
  const { file, object, path, copy, groups } = looked;
  const places = groups.filter(({ kept }) => kept).flatMap((group) => group.places);
  const bytes = places.reduce((sum, [start, end]) => sum + end - start, 0);
  if (bytes > object.sizeBytes * WHOLE_SHARE) return await fetchWhole(tools, looked);
  await copy.fetch(places);
  if (groups.every(({ kept }) => kept)) return { file, path, ranges: null };
  await copy.setFooter(cutFooter(copy.footer, (group) => groups[group]?.kept === true));
  return { file, path, ranges: keptRanges(groups) };
}

async function fetchWhole({ session, cache }: ReadTools, { file, object }: LakeFile): Promise<FetchedFile> {
  return { file, path: await cache.pin(object.key, session.folder, object.sizeBytes), ranges: null };
}
