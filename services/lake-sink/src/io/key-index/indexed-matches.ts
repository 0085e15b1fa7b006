import { parseStatistics, type AddFile } from '@hasivu/delta';
import { columnCopy, type EngineVector, type PartitionFiles } from '@hasivu/lake-engine';
import {
  changeKeysSql,
  CHANGES_THAT_LACK,
  CREATE_MATCH_PLACE,
  dropChangesSql,
  fileKeysSql,
  LEAST_LSN,
  staleChangesSql,
  tabulatedMatchesSql,
} from '../../core/key-index/index-sql.ts';
import { writeKeyCodes } from '../../core/key-index/key-codes.ts';
import type { TableShape } from '../../core/table-shape.ts';
import type { ChangePlace, StateMatches } from '../state-matches.ts';
import type { KeyIndex, ReadKeys } from './key-index.ts';

/** Rows of one file, and the change that replaces each. */
interface FileMatches {
  rows: number[];
  changes: number[];
}

/** Matches found in a {@link KeyIndex}: what it costs is the batch's to say, not the table's. */
export class IndexedMatches implements StateMatches {
  readonly #place: ChangePlace;
  readonly #shape: TableShape;
  readonly #found = new Map<AddFile, FileMatches>();

  private constructor(place: ChangePlace, shape: TableShape) {
    this.#place = place;
    this.#shape = shape;
  }

  /** Null where the index is of no use, because some key has no code. */
  static async find(
    place: ChangePlace,
    shape: TableShape,
    candidates: readonly AddFile[],
    index: KeyIndex,
  ): Promise<IndexedMatches | null> {
    const live = place.table.delta.state.files;
    if (!(await index.cover(live, candidates, keyReader(place, shape, index)))) return null;
    place.failpoint('state-indexed');
    const matches = new IndexedMatches(place, shape);
    if (!(await matches.#lookUp(index))) return null;
    await matches.#dropStale();
    return matches;
  }

  rowsPerFile(): Promise<ReadonlyMap<AddFile, number>> {
    return Promise.resolve(new Map([...this.#found].map(([file, { rows }]) => [file, rows.length])));
  }

  rowsIn(files: readonly AddFile[]): Promise<ReadonlyMap<AddFile, readonly number[]>> {
    return Promise.resolve(new Map(files.map((file) => [file, this.#found.get(file)?.rows ?? []])));
  }

  async tabulate(which: 'all' | 'lacking'): Promise<void> {
    const { session, local } = this.#place;
    const lacking =
      which === 'all'
        ? null
        : new Set((await session.rows(CHANGES_THAT_LACK)).map((row) => Number(row['__change'])));
    const places: [string, number, number][] = [];
    for (const [file, { rows, changes }] of this.#found) {
      const wanted = rows.flatMap((row, at) => {
        const change = changes[at] as number;
        return lacking === null || lacking.has(change) ? [[row, change] as const] : [];
      });
      if (wanted.length === 0) continue;
      const path = await local.pathOf(file);
      for (const [row, change] of wanted) places.push([path, row, change]);
    }
    await session.run(CREATE_MATCH_PLACE);
    await session.append('match_place', places);
    await session.run(tabulatedMatchesSql(this.#shape));
  }

  /** @returns false where a change's key has no code */
  async #lookUp(index: KeyIndex): Promise<boolean> {
    const { session, table, vectors } = this.#place;
    const { layout } = index;
    const parts: Uint32Array[] = [];
    const changes: number[] = [];
    let isCodable = true;
    await session.stream(changeKeysSql(layout), (columns, rows) => {
      const codes = new Uint32Array(rows * layout.codeWords);
      isCodable &&= writeKeyCodes(layout, columns, rows, codes, 0, layout.codeWords);
      parts.push(codes);
      const { bytes } = columns.at(-1) as EngineVector;
      const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 2);
      for (let row = 0; row < rows; row += 1) changes.push(numbers[row * 2] as number);
    });
    if (!isCodable) return false;
    const byPath = new Map<string, FileMatches>();
    index.find(joined(parts), (code, path, row) => {
      let found = byPath.get(path);
      if (found === undefined) byPath.set(path, (found = { rows: [], changes: [] }));
      found.rows.push(row);
      found.changes.push(changes[code] as number);
    });
    for (const [path, found] of byPath) {
      const file = table.delta.state.files.get(path) as AddFile;
      const gone = await vectors.rowsOf(file);
      this.#keep(file, found, (at) => gone?.has(found.rows[at] as number) !== true);
    }
    return true;
  }

  /** Takes out changes that are not after the row that they would replace, and that row with them. */
  async #dropStale(): Promise<void> {
    const { session } = this.#place;
    const [least] = await session.rows(LEAST_LSN);
    if (typeof least?.['lsn'] !== 'string') return;
    const leastLsn = BigInt(least['lsn']);
    const { columns } = this.#place.table.delta.state;
    const groups: PartitionFiles[] = [];
    const places: [string, number, number][] = [];
    for (const [file, { rows, changes }] of this.#found) {
      const newest = parseStatistics(file.stats).columns.get(columns.storedName('_lsn'))?.max;
      // Mostly: all of the file's rows are older than all of the changes.
      if (newest !== undefined && BigInt(newest) < leastLsn) continue;
      const path = await keyColumns(this.#place, file, ['_lsn', '_seq']);
      groups.push(groupOf(this.#place, file, path));
      for (const [at, row] of rows.entries()) places.push([path, row, changes[at] as number]);
    }
    if (groups.length === 0) return;
    await session.run(CREATE_MATCH_PLACE);
    await session.append('match_place', places);
    const found = await session.rows(staleChangesSql(groups));
    if (found.length === 0) return;
    const stale = new Set(found.map((row) => Number(row['__change'])));
    await session.run(dropChangesSql(stale));
    for (const [file, matches] of this.#found)
      this.#keep(file, matches, (at) => !stale.has(matches.changes[at] as number));
  }

  #keep(file: AddFile, { rows, changes }: FileMatches, isKept: (at: number) => boolean): void {
    const kept = { rows: rows.filter((_, at) => isKept(at)), changes: changes.filter((_, at) => isKept(at)) };
    if (kept.rows.length === 0) this.#found.delete(file);
    else this.#found.set(file, kept);
  }
}

function keyReader(place: ChangePlace, shape: TableShape, index: KeyIndex): ReadKeys {
  return async (file, take) => {
    const path = await keyColumns(place, file, shape.key);
    await place.session.stream(fileKeysSql(index.layout, shape, [groupOf(place, file, path)]), take);
  };
}

/** Local path from which these columns of a file can be read. */
async function keyColumns(
  { session, cache, local, table }: ChangePlace,
  file: AddFile,
  names: readonly string[],
): Promise<string> {
  const { columns } = table.delta.state;
  const object = local.objectOf(file);
  // By ids the files' own names say nothing.
  if (columns.mode === 'id') return await cache.pathOf(object.key, object.sizeBytes);
  const stored = names.map((name) => columns.storedName(name));
  return await columnCopy(session, cache, object, stored);
}

function groupOf({ table }: ChangePlace, file: AddFile, path: string): PartitionFiles {
  const { columns } = table.delta.state;
  return { partitionValues: columns.namedValues(file.partitionValues), paths: [path], columns };
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
