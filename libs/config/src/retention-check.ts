import type { ConfigMistake } from './config-mistake.ts';
import type { TableConfig } from './lake-section.ts';

/** Policies that cannot be followed. */
export function retentionMistakes(tables: Readonly<Record<string, TableConfig>>): ConfigMistake[] {
  return Object.entries(tables).flatMap(([table, { retention, silver, history }]) => {
    if (retention === undefined) return [];
    const at = `/tables/${table}/retention`;
    const mistakes: ConfigMistake[] = [];
    if (retention.silver !== undefined && retention.column === undefined)
      mistakes.push({
        path: `${at}/column`,
        reason: 'is missing: silver does not tell by itself how old a row is',
      });
    if (retention.silver !== undefined && silver === false)
      mistakes.push({ path: `${at}/silver`, reason: 'is for a table that is not kept: silver is false' });
    if (retention.history !== undefined && history === undefined)
      mistakes.push({
        path: `${at}/history`,
        reason: 'is for tables that are not kept: no history is declared',
      });
    return mistakes;
  });
}
