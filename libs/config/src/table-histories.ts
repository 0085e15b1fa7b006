import type { TableHistoryConfig } from './history-section.ts';
import type { TableConfig } from './lake-section.ts';

export interface NamedHistory extends TableHistoryConfig {
  readonly name: string;
}

/** The declared histories of a table, each with its name. @param table `schema.table` */
export function tableHistories(table: string, { history }: Pick<TableConfig, 'history'>): NamedHistory[] {
  if (history === undefined) return [];
  const base = table.slice(table.indexOf('.') + 1).replace(/[^A-Za-z0-9_-]/g, '_');
  return [history].flat().map((one) => ({ ...one, name: one.name ?? `${base}_scd${one.type}` }));
}
