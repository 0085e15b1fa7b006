import type { ConfigMistake } from './config-mistake.ts';
import type { PostgresConfig } from './postgres-section.ts';
import { capturedBy } from './table-pattern.ts';

/** Rules for columns and rows that contradict each other or speak of tables that are not captured. */
export function columnMistakes(postgres: PostgresConfig, path: string): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  for (const section of ['columns', 'rows'] as const) {
    for (const table of Object.keys(postgres[section])) {
      if (!capturedBy(postgres.tables, table, postgres.exclude))
        mistakes.push({ path: `${path}/${section}/${table}`, reason: `${table} is not captured` });
    }
  }
  for (const [table, rules] of Object.entries(postgres.columns)) {
    const at = `${path}/columns/${table}`;
    if (rules.include && rules.exclude)
      mistakes.push({ path: `${at}/exclude`, reason: 'include and exclude rule each other out: give one' });
    const seen = new Map<string, string>();
    const names = (rule: string, columns: readonly string[] = []): void => {
      for (const name of columns.flatMap((column) => column.split('|'))) {
        const other = seen.get(name);
        if (other) mistakes.push({ path: `${at}/${rule}`, reason: `${name} has the rule ${other} already` });
        seen.set(name, rule);
      }
    };
    names('exclude', rules.exclude);
    names('mask', Object.keys(rules.mask ?? {}));
    names('truncate', Object.keys(rules.truncate ?? {}));
    names('hash', rules.hash?.columns);
  }
  return mistakes;
}
