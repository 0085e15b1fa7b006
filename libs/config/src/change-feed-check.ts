import type { ConfigMistake } from './config-mistake.ts';
import type { TableConfig } from './lake-section.ts';

/** Feeds of state tables that are not kept. */
export function changeFeedMistakes(tables: Readonly<Record<string, TableConfig>>): ConfigMistake[] {
  return Object.entries(tables)
    .filter(([, { changeDataFeed, silver }]) => changeDataFeed === true && silver === false)
    .map(([table]) => ({
      path: `/tables/${table}/changeDataFeed`,
      reason: 'is of the state table, and silver is false; bronze is a log of all changes as it is',
    }));
}
