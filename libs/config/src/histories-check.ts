import type { ConfigMistake } from './config-mistake.ts';
import type { TableHistoryConfig } from './history-section.ts';
import type { TableConfig } from './lake-section.ts';
import { tableHistories } from './table-histories.ts';

type ListName = 'track' | 'ignore' | 'retain' | 'overwrite' | 'previous';

/** Types that a list of columns is for. */
const TYPES: Readonly<Record<ListName, readonly number[]>> = {
  track: [2, 4, 6],
  ignore: [2, 4, 6],
  retain: [0],
  overwrite: [6],
  previous: [3, 6],
};

/** History tables that contradict themselves, or that two declarations would write. */
export function historyMistakes(tables: Readonly<Record<string, TableConfig>>): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  const taken = new Map<string, string>();
  for (const [table, config] of Object.entries(tables)) {
    const { history } = config;
    if (history === undefined) continue;
    const at = `/tables/${table}/history`;
    if (!config.bronze) {
      mistakes.push({
        path: at,
        reason: 'needs the change log: changes that come late are told from it, so bronze must not be false',
      });
    }
    const schema = table.slice(0, table.indexOf('.'));
    tableHistories(table, config).forEach((one, i) => {
      const path = Array.isArray(history) ? `${at}/${i}` : at;
      mistakes.push(...listMistakes(one).map(({ list, reason }) => ({ path: `${path}/${list}`, reason })));
      for (const name of one.type === 4 ? [one.name, `${one.name}_history`] : [one.name]) {
        const other = taken.get(`${schema}.${name}`.toLowerCase());
        if (other !== undefined)
          mistakes.push({ path: `${path}/name`, reason: `${name} is the table of ${other} already` });
        else taken.set(`${schema}.${name}`.toLowerCase(), path);
      }
    });
  }
  return mistakes;
}

function listMistakes(history: TableHistoryConfig): { readonly list: ListName; readonly reason: string }[] {
  const { type, track, ignore, overwrite, previous } = history;
  const mistakes: { list: ListName; reason: string }[] = [];
  const add = (list: ListName, reason: string): void => void mistakes.push({ list, reason });
  for (const list of Object.keys(TYPES) as ListName[]) {
    if (history[list] !== undefined && !TYPES[list].includes(type))
      add(list, `is for the types ${TYPES[list].join(', ')}, not for ${type}`);
  }
  if (mistakes.length > 0) return mistakes;
  if (track !== undefined && ignore !== undefined)
    add('ignore', 'goes without track: all but those are ignored');
  if ((type === 3 || type === 6) && previous === undefined)
    add('previous', `is missing: type ${type} keeps previous values`);
  if (type === 6 && overwrite === undefined)
    add('overwrite', 'is missing: type 6 has columns with the newest value in every version');
  const both = ignore?.find((column) => overwrite?.includes(column));
  if (both !== undefined) add('ignore', `${both} is in overwrite, which opens no version either`);
  const isTracked = (column: string): boolean =>
    track === undefined
      ? ignore?.includes(column) !== true && overwrite?.includes(column) !== true
      : track.includes(column);
  const lost = type === 6 ? previous?.find((column) => !isTracked(column)) : undefined;
  if (lost !== undefined)
    add('previous', `${lost} opens no version, so that its values are not kept one by one`);
  return mistakes;
}
