import type { ConfigMistake } from './config-mistake.ts';
import type { TableConfig } from './lake-section.ts';

/** Columns that the state table has anyway, or that its change data feed adds. */
const TAKEN: readonly string[] = ['_lsn', '_seq', '_change_type', '_commit_version', '_commit_timestamp'];

/** What files, and the SQL of all engines, take for a name. */
const NAME = /^[^\s,;{}()="'`\\]{1,200}$/u;

/** Generated columns that nobody would compute, or whose name is another's. What they are made of the sink reads. */
export function generatedMistakes(tables: Readonly<Record<string, TableConfig>>): ConfigMistake[] {
  return Object.entries(tables).flatMap(([table, config]) => {
    const { generated, silver, partitionBy } = config;
    const at = `/tables/${table}/generated`;
    if (generated === undefined || Object.keys(generated).length === 0) return [];
    if (silver === false) return [{ path: at, reason: 'is of the state table, and silver is false' }];
    const names = new Map(Object.keys(generated).map((name) => [name.toLowerCase(), name]));
    const partitions = new Set(partitionBy.flatMap(partitionNames).map((name) => name.toLowerCase()));
    return Object.keys(generated).flatMap((name) => {
      const reason = !NAME.test(name)
        ? 'is no name of a column: 1 to 200 characters, without blanks, quotes and any of ,;{}()='
        : names.get(name.toLowerCase()) !== name
          ? 'has the name of another one: names ignore case'
          : name.startsWith('__')
            ? 'begins with __, as the names do that files are read by'
            : TAKEN.includes(name.toLowerCase())
              ? 'has the name of a column that the table has anyway'
              : partitions.has(name.toLowerCase())
                ? 'is a column that partitionBy names: partitions are made of columns of the source'
                : null;
      return reason === null ? [] : [{ path: `${at}/${name}`, reason }];
    });
  });
}

/** The column, and the one that a part of its date is kept in. */
function partitionNames(entry: string): string[] {
  const match = /^(year|month|day|hour)\(([^()]+)\)$/u.exec(entry);
  return match === null ? [entry] : [`${(match[2] as string).trim()}_${match[1] as string}`];
}
