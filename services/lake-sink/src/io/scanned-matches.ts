import type { AddFile } from '@hasivu/delta';
import {
  DROP_MARKED_MATCHES,
  dropKeptMatchesSql,
  dropStaleChangesSql,
  MATCHES_PER_FILE,
  matchedRowsSql,
  rowsToMarkSql,
} from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { ChangePlace, StateMatches } from './state-matches.ts';

/** Matches found by reading the keys of all files that may hold one; they are in the engine's `state_match`. */
export class ScannedMatches implements StateMatches {
  readonly #place: ChangePlace;

  private constructor(place: ChangePlace) {
    this.#place = place;
  }

  static async find(
    place: ChangePlace,
    shape: TableShape,
    candidates: readonly AddFile[],
  ): Promise<ScannedMatches> {
    const { session, local, vectors } = place;
    const matches = new ScannedMatches(place);
    await session.run(matchedRowsSql(shape, await local.groups(candidates)));
    if (await vectors.load((await matches.rowsPerFile()).keys())) await session.run(DROP_MARKED_MATCHES);
    await session.run(dropStaleChangesSql(shape));
    await session.run(dropKeptMatchesSql(shape));
    return matches;
  }

  async rowsPerFile(): Promise<ReadonlyMap<AddFile, number>> {
    const { session, local } = this.#place;
    const counted = await session.rows(MATCHES_PER_FILE);
    return new Map(counted.map((row) => [local.at(row['__file']), Number(row['n'])]));
  }

  async rowsIn(files: readonly AddFile[]): Promise<ReadonlyMap<AddFile, readonly number[]>> {
    if (files.length === 0) return new Map();
    const { session, local } = this.#place;
    const paths: string[] = [];
    for (const file of files) paths.push(await local.pathOf(file));
    const found = await session.rows(rowsToMarkSql(paths));
    return new Map(found.map((row) => [local.at(row['__file']), row['at'] as number[]]));
  }

  /** It is there already, with the other rows. */
  tabulate(): Promise<void> {
    return Promise.resolve();
  }
}
