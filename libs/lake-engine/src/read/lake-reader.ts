import type { TableSnapshot } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { identifier } from '../engine-sql.ts';
import type { ParsedStatements } from '../statement-syntax.ts';
import { statementNeeds, type TableNeeds } from './core/statement-needs.ts';
import type { ReadTools } from './fetch-files.ts';
import { readTable } from './read-table.ts';
import type { TableRead } from './table-read.ts';

export interface LakeReaderOptions extends ReadTools {
  /** Databases that the session has attached, in lower case: tables of the lake are named by them. */
  readonly catalogs: readonly string[];
}

/** As a statement names it; of a name that lacks a part the schema is empty. */
export type NamedTable = Pick<TableNeeds, 'catalog' | 'schema' | 'table'>;

/** The engine knows no case in names: of two tables it would read one twice. */
async function refuseTwo(
  table: TableSnapshot,
  one: NamedTable,
  other: NamedTable,
  open: (table: NamedTable) => Promise<TableSnapshot>,
): Promise<void> {
  const root = await open(other).then(
    (opened) => opened.root,
    () => null,
  );
  if (root === null || root === table.root) return;
  throw new PlatformError('LAKE_CHOICE_INVALID', {
    doing: 'preparing the tables of a statement',
    why: `it names ${one.catalog}.${one.schema}.${one.table} and ${other.catalog}.${other.schema}.${other.table}, which differ by case alone: ask for them in two statements`,
  });
}

/** Makes tables of the lake readable by the statements that name them, one statement at a time. */
export class LakeReader {
  readonly #options: LakeReaderOptions;
  #views: string[] = [];

  constructor(options: LakeReaderOptions) {
    this.#options = options;
  }

  /**
   * Fetches what the statements need and makes it readable under the names that they use. What is readable then is for
   * them alone: rows and columns that they do not need are not there. @param open throws where there is no such table
   * @returns what was read of each table
   */
  async prepare(
    { statements }: ParsedStatements,
    open: (table: NamedTable) => Promise<TableSnapshot>,
  ): Promise<TableRead[]> {
    const { session, catalogs } = this.#options;
    for (const view of this.#views) await session.run(`DROP VIEW IF EXISTS ${view}`);
    this.#views = [];
    await session.reset();
    const reads: TableRead[] = [];
    for (const needs of statementNeeds(statements, new Set(catalogs))) {
      const table = await open(needs);
      for (const other of needs.spellings) await refuseTwo(table, needs, other, open);
      const { select, read } = await readTable(this.#options, table, needs);
      const namespace = `${needs.catalog}.${identifier(needs.schema)}`;
      const view = `${namespace}.${identifier(needs.table)}`;
      await session.run(`CREATE SCHEMA IF NOT EXISTS ${namespace}`);
      await session.run(`CREATE OR REPLACE VIEW ${view} AS ${select}`);
      this.#views.push(view);
      reads.push(read);
    }
    return reads;
  }
}
