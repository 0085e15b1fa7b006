import { identifier } from '@hasivu/lake-engine';
import type { FollowedColumn } from './fold-sql.ts';
import type { HistoryRows } from './history-form.ts';
import {
  derivedValues,
  IS_CURRENT,
  previousName,
  rowFieldsOf,
  type HistoryLayout,
} from './history-layout.ts';
import { before, keyColumns } from './history-relations.ts';
import { sameKey } from '../order-sql.ts';
import { partitionExpression } from '../partition-sql.ts';

/** One column's value of a version, and the rows it is taken from: a of the last change, b of the first. */
interface Source {
  readonly sql: string;
  /** Alias → the joined row, which is there or not. */
  readonly joins: readonly { readonly alias: string; readonly at: string }[];
}

/**
 * `hist_newest`: per touched key the newest value of each overwritten column, and whether its stored versions have
 * another. Empty of meaning for histories without such columns.
 */
export function newestValuesSql(layout: HistoryLayout, followed: readonly FollowedColumn[]): string {
  const { key } = layout.shape;
  const last = `(SELECT * FROM hist_version QUALIFY row_number() OVER (PARTITION BY ${keyColumns(layout)} ORDER BY __lsn DESC, __seq DESC) = 1) v`;
  const taken = layout.overwritten.map(({ column, as }) => ({ as, from: valueOf(layout, followed, column) }));
  const values = taken.map(({ as, from }) => `${from.sql} AS ${identifier(as)}`).join(', ');
  const same = layout.overwritten
    .map(({ as }) => `e.${identifier(as)} IS NOT DISTINCT FROM n.${identifier(as)}`)
    .join(' AND ');
  return (
    `CREATE OR REPLACE TEMP TABLE hist_newest AS SELECT n.*, NOT EXISTS (SELECT 1 FROM hist_open o JOIN hist_row e ` +
    `ON e.__file = o.__f AND e.__row = o.__r WHERE ${sameKey(key, 'o', 'n')} AND ${same}) AS __differs ` +
    `FROM (SELECT ${keyColumns(layout, 'v.')}, ${values} FROM ${last}${joinsOf(taken.map(({ from }) => from))}) n`
  );
}

/** Paths of closed files with versions that are told anew or that hold an overwritten value of old. */
export function touchedClosedFilesSql(layout: HistoryLayout, closed: string): string {
  return `SELECT DISTINCT z.__file FROM ${closed} z WHERE ${replaced(layout, 'z')}${hasOldValue(layout, 'z')}`;
}

/** Paths of open files with a version that this merge replaces or ends. */
export function rewrittenOpenFilesSql(layout: HistoryLayout): string {
  return `SELECT DISTINCT o.__f AS __file FROM hist_open o WHERE EXISTS (SELECT 1 FROM hist_event h WHERE ${sameKey(layout.shape.key, 'h', 'o')})`;
}

/** Which versions one write is of: those of a table with both are written apart. */
export type HistorySide = 'open' | 'closed';

export interface OutputInput {
  /** What the table holds, which decides its columns. */
  readonly rows: HistoryRows;
  readonly side: HistorySide;
  readonly followed: readonly FollowedColumn[];
  /** Rows of the files of that side that are rewritten; null when none is. */
  readonly existing: string | null;
}

/** View `hist_next`: rows of rewritten files that stay, and the versions of the touched keys, with partition texts. */
export function nextVersionsSql(layout: HistoryLayout, input: OutputInput): string {
  const parts = [freshVersions(layout, input)];
  if (input.existing !== null) parts.unshift(keptVersions(layout, input, input.existing));
  const types = new Map(layout.shape.rowFields.map((own) => [own.name, own.type]));
  const texts = layout.shape.partitions.map(
    (part, at) => `, ${partitionExpression(part, types.get(part.source) ?? 'string')} AS __p${at}`,
  );
  return `CREATE OR REPLACE TEMP VIEW hist_next AS SELECT *${texts.join('')} FROM (${parts.join(' UNION ALL ')})`;
}

/** Columns that go into the files: not those that name the partition. */
export function storedHistoryColumns(layout: HistoryLayout, rows: HistoryRows): string[] {
  const outside = new Set(
    layout.shape.partitions.filter((part) => part.transform === 'identity').map((part) => part.name),
  );
  return writtenColumns(layout, rows).filter((name) => !outside.has(name));
}

function writtenColumns(layout: HistoryLayout, rows: HistoryRows): string[] {
  return rowFieldsOf(layout, rows)
    .map((own) => own.name)
    .filter((name) => name !== IS_CURRENT);
}

function keptVersions(layout: HistoryLayout, { rows, side }: OutputInput, existing: string): string {
  const { key } = layout.shape;
  const overwritten = new Set(side === 'closed' ? layout.overwritten.map(({ as }) => as) : []);
  const isKnown = `n.${identifier(key[0] as string)} IS NOT NULL`;
  const columns = writtenColumns(layout, rows).map((name) => {
    const column = identifier(name);
    if (!overwritten.has(name)) return `e.${column}`;
    return `CASE WHEN ${isKnown} THEN n.${column} ELSE e.${column} END AS ${column}`;
  });
  const newest = overwritten.size === 0 ? '' : ` LEFT JOIN hist_newest n ON ${sameKey(key, 'n', 'e')}`;
  const gone =
    side === 'closed'
      ? replaced(layout, 'e')
      : `EXISTS (SELECT 1 FROM hist_event h WHERE ${sameKey(key, 'h', 'e')})`;
  return `SELECT ${columns.join(', ')} FROM ${existing} e${newest} WHERE NOT (${gone})`;
}

function freshVersions(layout: HistoryLayout, { rows, side, followed }: OutputInput): string {
  const { key } = layout.shape;
  const derived = new Map(derivedValues(layout).map(({ name, of }) => [name, of]));
  const overwritten = new Set(layout.overwritten.map(({ as }) => as));
  const sources = writtenColumns(layout, rows).map((name): { name: string; from: Source } => {
    if (overwritten.has(name)) return { name, from: { sql: `n.${identifier(name)}`, joins: [] } };
    const position = POSITIONS[name];
    if (position !== undefined) return { name, from: { sql: position, joins: [] } };
    const of = derived.get(name);
    return { name, from: of === undefined ? valueOf(layout, followed, name) : previousOf(followed, of) };
  });
  const columns = sources.map(({ name, from }) => `${from.sql} AS ${identifier(name)}`).join(', ');
  const newest = overwritten.size === 0 ? '' : ` LEFT JOIN hist_newest n ON ${sameKey(key, 'n', 'v')}`;
  const ended = side === 'closed' ? 'IS NOT NULL' : 'IS NULL';
  return `SELECT ${columns} FROM hist_version v${joinsOf(sources.map(({ from }) => from))}${newest} WHERE v.__to_lsn ${ended}`;
}

const POSITIONS: Readonly<Record<string, string>> = {
  _valid_from: 'v.__opened.since',
  _from_lsn: 'v.__opened.lsn',
  _from_seq: 'v.__opened.seq',
  _lsn: 'v.__lsn',
  _seq: 'v.__seq',
  _valid_to: 'v.__to_at',
  _to_lsn: 'v.__to_lsn',
  _to_seq: 'v.__to_seq',
};

/** The value that a version has in a column of the row. */
function valueOf(layout: HistoryLayout, followed: readonly FollowedColumn[], name: string): Source {
  const column = identifier(name);
  if (layout.shape.key.includes(name)) return { sql: `v.${column}`, joins: [] };
  const at = followed.findIndex((own) => own.name === name);
  const isFirst = layout.retained.includes(name);
  if (at < 0) {
    const alias = isFirst ? 'b' : 'a';
    const row = isFirst ? 'v.__start' : '{f: v.__f, r: v.__r}';
    return { sql: `${alias}.${column}`, joins: [{ alias, at: row }] };
  }
  const [alias, row] = isFirst ? [`b${at}`, `v.__first${at}`] : [`a${at}`, `v.__at${at}`];
  return { sql: `${alias}.${column}`, joins: [{ alias, at: row }] };
}

/** The value before the column's last change: of a change, or what the version before the changes says. */
function previousOf(followed: readonly FollowedColumn[], name: string): Source {
  const at = followed.findIndex((own) => own.name === name);
  const stored = `CASE WHEN v.__start.s THEN s.${identifier(previousName(name))} END`;
  return {
    sql: `CASE WHEN v.__was${at} IS NOT NULL THEN p${at}.${identifier(name)} ELSE ${stored} END`,
    joins: [
      { alias: `p${at}`, at: `v.__was${at}.w` },
      { alias: 's', at: 'v.__start' },
    ],
  };
}

function joinsOf(sources: readonly Source[]): string {
  const joins = new Map(sources.flatMap(({ joins: own }) => own.map(({ alias, at }) => [alias, at])));
  return [...joins]
    .map(
      ([alias, at]) =>
        ` ${alias === 'a' || alias === 'b' ? 'JOIN hist_values' : 'LEFT JOIN hist_row'} ${alias} ON ${alias}.__file = (${at}).f AND ${alias}.__row = (${at}).r`,
    )
    .join('');
}

/** Versions from where a key is told anew on. */
function replaced(layout: HistoryLayout, alias: string): string {
  return `EXISTS (SELECT 1 FROM hist_rewind w WHERE ${sameKey(layout.shape.key, 'w', alias)} AND NOT ${before(`${alias}._from_`, 'w.__')})`;
}

function hasOldValue(layout: HistoryLayout, alias: string): string {
  if (layout.overwritten.length === 0) return '';
  return ` OR EXISTS (SELECT 1 FROM hist_newest n WHERE n.__differs AND ${sameKey(layout.shape.key, 'n', alias)})`;
}
