import type { EngineFile, EngineSession, WriteOptions } from './engine-session.ts';
import { text } from './engine-sql.ts';
import { isOutOfMemory } from './out-of-memory.ts';

/** Rows that are to be split into files by the texts that name their partitions. */
export interface SplitRows {
  /** Query of the rows, with their texts. */
  readonly rows: string;
  /** Its rows by partition, and in order within each. */
  readonly sorted: string;
  /** Columns of the rows that the files are split by. */
  readonly texts: readonly string[];
  readonly fileBytes: number;
  readonly options: WriteOptions;
}

/** Of each, the engine holds a few hundred KiB while it writes their files, whatever their rows. */
const PARTITIONS_AT_ONCE = 16;

/** Of wide rows; what reads them holds a row group of each file it reads. */
const WIDE_ROW_GROUP_BYTES = 2 << 20;
const ONE_FILE_BYTES = 2 ** 50;

/**
 * Otherwise the engine gathers the rows of small steps until they are some two thousand, whatever their width, and those of a
 * partition until they are fifty thousand.
 */
const NOTHING_GATHERED = { enable_caching_operators: 'false' };

/** Texts of one partition, in the order of their columns. */
type Partition = readonly (string | null)[];

interface Spool {
  readonly relation: string;
  readonly isSorted: boolean;
}

/**
 * Writes rows of any number of partitions: once into a local file, and from there some partitions at a time, so that what makes
 * the rows is worked out once. Rows that do not fit into memory to be sorted are written in the order in which they come.
 */
export async function writeSpooled(
  session: EngineSession,
  split: SplitRows,
  name: string,
): Promise<EngineFile[]> {
  const spool = await spooled(session, split, `${name}-spool`);
  const files = spool === null ? [] : await writeFrom(session, split, spool, name);
  await session.discard(`${name}-spool`);
  return files;
}

async function writeFrom(
  session: EngineSession,
  split: SplitRows,
  spool: Spool,
  name: string,
): Promise<EngineFile[]> {
  const columns = split.texts.join(', ');
  const found = await session.rows(`SELECT DISTINCT ${columns} FROM ${spool.relation} ORDER BY ${columns}`);
  const partitions = found.map((row): Partition => split.texts.map((column) => row[column] as string | null));
  const files: EngineFile[] = [];
  for (let from = 0; from < partitions.length; from += PARTITIONS_AT_ONCE) {
    const some = partitions.slice(from, from + PARTITIONS_AT_ONCE);
    files.push(...(await writeSome(session, split, spool, some, `${name}-${from}`)));
  }
  return files;
}

/** Writes rows in the order in which they come, one step of the engine after the other: what is held is a few row groups. */
export function writeStreamed(
  session: EngineSession,
  rows: string,
  name: string,
  fileBytes: number,
  options: WriteOptions,
): Promise<EngineFile[]> {
  const wide = { ...options, rowGroupBytes: WIDE_ROW_GROUP_BYTES };
  return session.withSettings(NOTHING_GATHERED, () => session.writeParquet(rows, name, fileBytes, [], wide));
}

/** Null where there are no rows. */
async function spooled(
  session: EngineSession,
  { rows, sorted, options }: SplitRows,
  name: string,
): Promise<Spool | null> {
  const local = { ...options, codec: 'lz4' } as const;
  let files: EngineFile[] | null = null;
  try {
    files = await session.writeParquet(sorted, name, ONE_FILE_BYTES, [], local);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await session.discard(name);
  }
  const isSorted = files !== null;
  files ??= await writeStreamed(session, rows, name, ONE_FILE_BYTES, local);
  if (files.length === 0) return null;
  const paths = files.map(({ path }) => text(path)).join(', ');
  return { relation: `read_parquet([${paths}], hive_partitioning = false)`, isSorted };
}

async function writeSome(
  session: EngineSession,
  { texts, fileBytes, options }: SplitRows,
  { relation, isSorted }: Spool,
  partitions: readonly Partition[],
  name: string,
): Promise<EngineFile[]> {
  if (isSorted) {
    const query = `SELECT * FROM ${relation} WHERE ${isOneOf(texts, partitions)}`;
    try {
      return await session.writeParquet(query, name, fileBytes, texts, options);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      await session.discard(name);
    }
  }
  const files: EngineFile[] = [];
  for (const [turn, partition] of partitions.entries()) {
    const query = `SELECT * EXCLUDE (${texts.join(', ')}) FROM ${relation} WHERE ${isOf(texts, partition)}`;
    const written = await writeStreamed(session, query, `${name}-${turn}`, fileBytes, options);
    const partitionTexts = new Map(texts.map((column, at) => [column, partition[at] ?? null]));
    files.push(...written.map((file) => ({ ...file, partitionTexts })));
  }
  return files;
}

/** @param partitions in order: the first of their texts bounds what of a sorted file has to be read */
function isOneOf(texts: readonly string[], partitions: readonly Partition[]): string {
  const one = partitions.map((partition) => `(${isOf(texts, partition)})`).join(' OR ');
  const [low, high] = [partitions[0]?.[0] ?? null, partitions.at(-1)?.[0] ?? null];
  if (low === null || high === null) return one;
  return `${texts[0]} BETWEEN ${text(low)} AND ${text(high)} AND (${one})`;
}

function isOf(texts: readonly string[], partition: Partition): string {
  return texts
    .map((column, at) => {
      const value = partition[at] ?? null;
      return value === null ? `${column} IS NULL` : `${column} = ${text(value)}`;
    })
    .join(' AND ');
}
