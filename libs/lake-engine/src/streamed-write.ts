import type { EngineFile, EngineSession, WriteOptions } from './engine-session.ts';
import { text } from './engine-sql.ts';

export interface StreamedRows {
  /** Query of the rows, with their texts. */
  readonly rows: string;
  readonly relation: string;
  /** Columns of the relation that the files are split by. */
  readonly texts: readonly string[];
  readonly fileBytes: number;
  readonly options: WriteOptions;
}

/** Of wide rows; what reads them holds a row group of each file it reads. */
const ROW_GROUP_BYTES = 2 << 20;

/**
 * Otherwise the engine gathers the rows of small steps until they are some two thousand, whatever their width, and those of a
 * partition until they are fifty thousand.
 */
const NOTHING_GATHERED = { enable_caching_operators: 'false' };

/**
 * Writes rows in the order in which they come, one step of the engine after the other: what is held is a few row groups,
 * however many the rows. Each partition is a pass of its own, since open files hold a row group each.
 */
export function writeStreamed(
  session: EngineSession,
  { rows, relation, texts, fileBytes, options: usual }: StreamedRows,
  name: string,
): Promise<EngineFile[]> {
  const options = { ...usual, rowGroupBytes: ROW_GROUP_BYTES };
  return session.withSettings(NOTHING_GATHERED, async () => {
    if (texts.length === 0) return session.writeParquet(rows, name, fileBytes, [], options);
    const found = await session.rows(`SELECT DISTINCT ${texts.join(', ')} FROM ${relation}`);
    const files: EngineFile[] = [];
    for (const [turn, partition] of found.entries()) {
      const values = texts.map((column) => partition[column] as string | null);
      const where = texts.map(
        (column, at) =>
          `${column} IS NOT DISTINCT FROM ${values[at] === null ? 'NULL' : text(values[at] ?? '')}`,
      );
      const query = `SELECT * EXCLUDE (${texts.join(', ')}) FROM (${rows}) WHERE ${where.join(' AND ')}`;
      const written = await session.writeParquet(query, `${name}-${turn}`, fileBytes, [], options);
      const partitionTexts = new Map(texts.map((column, at) => [column, values[at] ?? null]));
      files.push(...written.map((file) => ({ ...file, partitionTexts })));
    }
    return files;
  });
}
