import { identifier, readFiles, type PartitionFiles } from '@hasivu/lake-engine';
import { STATE_COLUMNS } from '../lake-columns.ts';
import { notBefore } from '../order-sql.ts';
import type { TableShape } from '../table-shape.ts';
import type { KeyLayout } from './key-layout.ts';

/** Keys of the table's files, each with its row number. */
export function fileKeysSql(layout: KeyLayout, shape: TableShape, files: readonly PartitionFiles[]): string {
  const keys = shape.rowFields.filter((own) => shape.key.includes(own.name));
  return `SELECT ${selected(layout, 'k')}, k.__row FROM ${readFiles(keys, shape.partitions, files)} k`;
}

/** Keys of the changes, each with the change's number. */
export function changeKeysSql(layout: KeyLayout): string {
  return `SELECT ${selected(layout, 'c')}, c.__change FROM change_last c`;
}

function selected(layout: KeyLayout, alias: string): string {
  return layout.columns.map((column) => column.select(alias)).join(', ');
}

export const LEAST_LSN = 'SELECT CAST(min(_lsn) AS VARCHAR) AS lsn FROM change_last';
export const CHANGES_THAT_LACK = 'SELECT __change FROM change_last WHERE __lacks';

/** Places of rows that changes were found to have, by local file. */
export const CREATE_MATCH_PLACE =
  'CREATE OR REPLACE TEMP TABLE match_place (__file VARCHAR, __row BIGINT, __change BIGINT)';

/** Of `match_place`, the changes that the table already has, or something newer. */
export function staleChangesSql(files: readonly PartitionFiles[]): string {
  return (
    `SELECT DISTINCT c.__change FROM ${readFiles(STATE_COLUMNS, [], files)} e ` +
    `JOIN match_place m ON m.__file = e.__file AND m.__row = e.__row JOIN change_last c ON c.__change = m.__change ` +
    `WHERE ${notBefore('e', 'c')}`
  );
}

export function dropChangesSql(changes: Iterable<number>): string {
  return `DELETE FROM change_last WHERE __change IN (${[...changes].join(', ')})`;
}

/** Table `state_match` of what is in `match_place`. */
export function tabulatedMatchesSql(shape: TableShape): string {
  const key = shape.key.map((name) => `c.${identifier(name)}`).join(', ');
  return `CREATE OR REPLACE TEMP TABLE state_match AS SELECT ${key}, m.__file, m.__row FROM match_place m JOIN change_last c ON c.__change = m.__change`;
}
