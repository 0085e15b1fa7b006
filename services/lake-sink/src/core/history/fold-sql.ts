import { identifier } from '@hasivu/lake-engine';
import { fingerprint, UNKNOWN } from './compare-sql.ts';
import { derivedValues, type HistoryLayout } from './history-layout.ts';
import { before, FIRST_PLACE, isSent, keyColumns, notAfter, samePlace } from './history-relations.ts';
import { sameKey } from '../order-sql.ts';

/** A column that is followed by itself, since changes may lack it or since its previous value is kept. */
export interface FollowedColumn {
  readonly name: string;
  readonly isTracked: boolean;
  readonly isPrevious: boolean;
  /** No change has a value for it: another writer's, see `withGrownHistory`. */
  readonly isGrown: boolean;
}

/** @param lacking columns for which some change has no value */
export function followedColumns(layout: HistoryLayout, lacking: Iterable<string>): FollowedColumn[] {
  const { key } = layout.shape;
  const names = new Set([...layout.previous, ...lacking]);
  const own = layout.shape.rowFields.map((column) => column.name);
  return own
    .filter((name) => names.has(name) && !key.includes(name))
    .map((name) => ({
      name,
      isTracked: layout.tracked.includes(name),
      isPrevious: layout.previous.includes(name),
      isGrown: layout.shape.unsent?.includes(name) === true,
    }));
}

/**
 * `hist_event`: per touched key what there is to go through in order. Kinds: s the version before, c a row, d its end.
 * A version with `__hidden` is there for its values only.
 */
export function eventsSql(layout: HistoryLayout, relations: EventRelations): string[] {
  const { key } = layout.shape;
  const columns = keyColumns(layout);
  const kept = (alias: string): string =>
    `NOT EXISTS (SELECT 1 FROM hist_rewind w WHERE ${sameKey(key, 'w', alias)})`;
  const change = (alias: string): string =>
    `${keyColumns(layout, `${alias}.`)}, ${alias}.__lsn, ${alias}.__seq, CASE WHEN ${alias}.__gone THEN 'd' ELSE 'c' END AS __kind, ` +
    `${alias}.__at, ${alias}.__f, ${alias}.__r, ${alias}.__lsn AS __from_lsn, ${alias}.__seq AS __from_seq, ${alias}.__at AS __from_at, false AS __hidden`;
  const statements = [
    `CREATE OR REPLACE TEMP TABLE hist_event AS SELECT ${change('c')} FROM hist_change c WHERE ${kept('c')} ` +
      `UNION ALL SELECT ${keyColumns(layout, 'o.')}, o.__lsn, o.__seq, 's', o.__from_at, o.__f, o.__r, o.__from_lsn, o.__from_seq, o.__from_at, false ` +
      `FROM hist_open o WHERE ${kept('o')} AND (EXISTS (SELECT 1 FROM hist_change c WHERE ${sameKey(key, 'c', 'o')}) ` +
      `OR EXISTS (SELECT 1 FROM hist_truncate t WHERE ${before('o.__', 't.__')}))`,
  ];
  if (relations.log !== null) {
    const rewound = (alias: string): string =>
      `hist_rewind w ON ${sameKey(key, 'w', alias)} AND ${notAfter('w.__', `${alias}.__`)}`;
    statements.push(
      `CREATE OR REPLACE TEMP TABLE hist_logged AS SELECT ${keyColumns(layout, 'x.')}, x._op = 't' AS __everything, x._lsn AS __lsn, ` +
        `x._seq AS __seq, x._op = 'd' AS __gone, x._committed_at AS __at, x.__file AS __f, x.__row AS __r FROM ${relations.log} x ` +
        `WHERE x._op = 't' OR (x._op IN ('c', 'r', 'u', 'd') AND EXISTS (SELECT 1 FROM hist_rewind w WHERE ${sameKey(key, 'w', 'x')}))`,
      `INSERT INTO hist_truncate SELECT __lsn, __seq, max(__at) FROM hist_logged x WHERE __everything AND NOT EXISTS ` +
        `(SELECT 1 FROM hist_truncate t WHERE ${samePlace('t.__', 'x.__')}) GROUP BY ALL`,
      `INSERT INTO hist_event SELECT ${change('a')} FROM (SELECT * EXCLUDE (__everything) FROM hist_logged WHERE NOT __everything ` +
        `UNION ALL BY NAME SELECT * FROM hist_change) a JOIN ${rewound('a')} ` +
        `QUALIFY row_number() OVER (PARTITION BY ${keyColumns(layout, 'a.')}, a.__lsn, a.__seq ORDER BY a.__f, a.__r) = 1`,
    );
    if (relations.closed !== null) {
      statements.push(
        `INSERT INTO hist_event SELECT ${keyColumns(layout, 'z.')}, z._lsn, z._seq, 's', z._valid_from, z.__file, z.__row, ` +
          `z._from_lsn, z._from_seq, z._valid_from, true FROM ${relations.closed} z JOIN hist_rewind w ON ${sameKey(key, 'w', 'z')} ` +
          `AND ${samePlace('z._to_', 'w.__')}`,
      );
    }
  }
  // A TRUNCATE that the log told of is before the changes of keys that are in order, so it is theirs only when it is after.
  statements.push(
    `INSERT INTO hist_event SELECT ${keyColumns(layout, 'k.')}, t.__lsn, t.__seq, 'd', t.__at, NULL, NULL, t.__lsn, t.__seq, t.__at, false ` +
      `FROM (SELECT ${columns}, ${FIRST_PLACE} FROM hist_event GROUP BY ${columns}) k ` +
      `JOIN hist_truncate t ON ${before('k.__', 't.__')}`,
  );
  if (relations.log !== null) statements.push(...storedVersionsSql(layout, relations.closed));
  return statements;
}

/**
 * Versions to be told anew whose changes the log has lost (by retention, say) take part as they are stored: each as a
 * change where it began, and as a DELETE where it ended and nothing followed. Where the log is whole this adds nothing.
 */
function storedVersionsSql(layout: HistoryLayout, closed: string | null): string[] {
  const { key } = layout.shape;
  const missing = (place: string): string =>
    `NOT EXISTS (SELECT 1 FROM hist_event h WHERE ${sameKey(key, 'h', 's')} AND ${samePlace('h.__', place)})`;
  const open = `SELECT ${keyColumns(layout)}, __from_lsn, __from_seq, __from_at, NULL::BIGINT AS __to_lsn, NULL::BIGINT AS __to_seq, NULL::TIMESTAMPTZ AS __to_at, __f, __r FROM hist_open`;
  const ended =
    closed === null
      ? ''
      : ` UNION ALL SELECT ${keyColumns(layout, 'z.')}, z._from_lsn, z._from_seq, z._valid_from, z._to_lsn, z._to_seq, z._valid_to, z.__file, z.__row FROM ${closed} z`;
  const statements = [
    `CREATE OR REPLACE TEMP TABLE hist_stored AS SELECT s.* FROM (${open}${ended}) s JOIN hist_rewind w ` +
      `ON ${sameKey(key, 'w', 's')} AND ${notAfter('w.__', 's.__from_')}`,
    `INSERT INTO hist_event SELECT ${keyColumns(layout, 's.')}, s.__from_lsn, s.__from_seq, 'c', s.__from_at, s.__f, s.__r, ` +
      `s.__from_lsn, s.__from_seq, s.__from_at, false FROM hist_stored s WHERE ${missing('s.__from_')}`,
    `INSERT INTO hist_event SELECT ${keyColumns(layout, 's.')}, s.__to_lsn, s.__to_seq, 'd', s.__to_at, NULL, NULL, ` +
      `s.__to_lsn, s.__to_seq, s.__to_at, false FROM hist_stored s WHERE s.__to_lsn IS NOT NULL AND ${missing('s.__to_')}`,
  ];
  return statements;
}

export interface EventRelations {
  /** Changes of the log; null when no key is told anew. */
  readonly log: string | null;
  /** Closed versions of keys told anew; null where the history keeps none. */
  readonly closed: string | null;
}

/**
 * `hist_version`: the versions of the touched keys, in place of those from the first of them on. Per version: where its
 * values stand (`__f`, `__r` those of its last change; `__at<n>` the n-th followed column's, `__was<n>` its previous
 * one's, `__first<n>` and `__ff`, `__fr` those at the row's insert), its positions, and its end where it has one.
 * @param stored where keys are told anew, what lends versions that begin as they did the values that no change has
 */
export function versionsSql(
  layout: HistoryLayout,
  followed: readonly FollowedColumn[],
  stored: StoredVersions,
): string {
  const key = keyColumns(layout);
  const byItself = new Set(followed.map((own) => own.name));
  const together = layout.tracked.filter((name) => !byItself.has(name));
  const prints = followed.map(({ name, isTracked, isPrevious }, at) => {
    const print = isTracked || isPrevious ? fingerprint(layout, 'v', [name]) : '0::UHUGEINT';
    return `, CASE WHEN ${isSent('v', name)} THEN {p: ${print}, f: v.__file, r: v.__row} END AS __sent${at}`;
  });
  // Prints are taken before the join, so that it has no wide value in it.
  const printed =
    `SELECT v.__file, v.__row, ${fingerprint(layout, 'v', together)} AS __print${prints.join('')} FROM hist_values v ` +
    `SEMI JOIN hist_event n ON n.__f = v.__file AND n.__r = v.__row`;
  const lent = lentSql(layout, followed, stored);
  const values =
    `SELECT e.*, v.* EXCLUDE (__file, __row)${lent.replaced} FROM hist_event e JOIN (${printed}) v ON v.__file = e.__f AND v.__row = e.__r` +
    `${lent.joined} WHERE e.__kind <> 'd' UNION ALL BY NAME SELECT * FROM hist_event WHERE __kind = 'd'`;
  const order = `PARTITION BY ${key} ORDER BY __lsn, __seq`;
  const lives =
    `SELECT *, count(*) FILTER (__kind = 'd') OVER (${order} ROWS UNBOUNDED PRECEDING) AS __life, ` +
    `lead(__lsn) OVER (${order}) AS __to_lsn, lead(__seq) OVER (${order}) AS __to_seq, lead(__at) OVER (${order}) AS __to_at FROM (${values})`;
  const life = `PARTITION BY ${key}, __life ORDER BY __lsn, __seq`;
  const upToHere = `(${life} ROWS UNBOUNDED PRECEDING)`;
  const filled =
    `SELECT *, row_number() OVER (${life}) = 1 AS __begins, ` +
    `first_value({f: __f, r: __r, s: __kind = 's'}) OVER ${upToHere} AS __start` +
    followed
      .map(
        (_, at) =>
          `, last_value(__sent${at} IGNORE NULLS) OVER ${upToHere} AS __at${at}, first_value(__sent${at}) OVER ${upToHere} AS __first${at}`,
      )
      .join('') +
    ` FROM (${lives}) WHERE __kind <> 'd'`;
  const differs = (at: number): string =>
    `coalesce(__at${at}.p, ${UNKNOWN}) <> coalesce(lag(__at${at}.p) OVER (${life}), ${UNKNOWN})`;
  const cuts = [
    '__begins',
    ...(together.length > 0 ? [`__print IS DISTINCT FROM lag(__print) OVER (${life})`] : []),
    ...followed.flatMap(({ isTracked }, at) => (isTracked ? [differs(at)] : [])),
  ];
  const was = followed.map(({ isPrevious }, at) =>
    isPrevious
      ? `, CASE WHEN NOT __begins AND ${differs(at)} THEN {w: lag(__at${at}) OVER (${life})} END AS __change${at}`
      : '',
  );
  const cut = `SELECT *, ${cuts.join(' OR ')} AS __cut${was.join('')} FROM (${filled})`;
  const remembered = followed.map(({ isPrevious }, at) =>
    isPrevious ? `, last_value(__change${at} IGNORE NULLS) OVER ${upToHere} AS __was${at}` : '',
  );
  const numbered = `SELECT *, sum(__cut::INT) OVER (${order} ROWS UNBOUNDED PRECEDING) AS __version${remembered.join('')} FROM (${cut})`;
  const version = `PARTITION BY ${key}, __version ORDER BY __lsn, __seq`;
  const opened = `first_value({lsn: __from_lsn, seq: __from_seq, since: __from_at, hidden: __hidden}) OVER (${version} ROWS UNBOUNDED PRECEDING) AS __opened`;
  // Of several versions that have become one, the first has a say.
  const grown = followed.map(({ isGrown }, at) =>
    isGrown
      ? `, first_value(__at${at} IGNORE NULLS) OVER (${version} ROWS UNBOUNDED PRECEDING) AS __grown${at}`
      : '',
  );
  const picked = [
    key,
    '__f, __r, __lsn, __seq, __to_lsn, __to_seq, __to_at, __opened, __start',
    ...followed.map(
      ({ isPrevious, isGrown }, at) =>
        `${isGrown ? `__grown${at} AS ` : ''}__at${at}, __first${at}${isPrevious ? `, __was${at}` : ''}`,
    ),
  ];
  return (
    `CREATE OR REPLACE TEMP TABLE hist_version AS SELECT * FROM (SELECT ${picked.join(', ')} FROM (SELECT *, ${opened}${grown.join('')}, ` +
    `lead(__version) OVER (${version}) IS NULL AS __last FROM (${numbered})) WHERE __last) WHERE NOT __opened.hidden`
  );
}

/** Which stored versions count first where a history of two tables has one in both; null where no key is told anew. */
export type StoredVersions = 'open' | 'closed' | null;

function lentSql(
  layout: HistoryLayout,
  followed: readonly FollowedColumn[],
  stored: StoredVersions,
): { readonly replaced: string; readonly joined: string } {
  const grown = followed.flatMap(({ isGrown }, at) => (isGrown ? [at] : []));
  if (grown.length === 0 || stored === null) return { replaced: '', joined: '' };
  const { key } = layout.shape;
  const sent = grown.map(
    (at) =>
      `coalesce(v.__sent${at}, CASE WHEN g.__f IS NOT NULL THEN {p: 0::UHUGEINT, f: g.__f, r: g.__r} END) AS __sent${at}`,
  );
  const one = `row_number() OVER (PARTITION BY ${keyColumns(layout)}, __from_lsn, __from_seq ORDER BY (__to_lsn IS NULL) = ${stored === 'closed'}) = 1`;
  return {
    replaced: ` REPLACE (${sent.join(', ')})`,
    joined: ` LEFT JOIN (SELECT * FROM hist_stored QUALIFY ${one}) g ON ${sameKey(key, 'g', 'e')} AND ${samePlace('g.__from_', 'e.__')}`,
  };
}

/** Names of columns that some change of the log lacks. */
export function lackingColumnsSql(log: string): string {
  return `SELECT DISTINCT unnest(_unavailable) AS name FROM ${log} WHERE _unavailable IS NOT NULL`;
}

/**
 * `hist_row`: what versions take from rows other than that of their last change. Apart from those columns, values
 * stream from the files into the output and are never held.
 */
export function rowsSql(layout: HistoryLayout, followed: readonly FollowedColumn[]): string {
  const refs = [`SELECT NULL::VARCHAR AS f, NULL::BIGINT AS r`];
  const add = (ref: string): number =>
    refs.push(`SELECT (${ref}).f, (${ref}).r FROM hist_version WHERE (${ref}).f IS NOT NULL`);
  if (layout.previous.length > 0) add('__start');
  followed.forEach(({ name, isPrevious }, at) => {
    add(layout.retained.includes(name) ? `__first${at}` : `__at${at}`);
    if (isPrevious) add(`__was${at}.w`);
  });
  if (layout.overwritten.length > 0) refs.push('SELECT __f, __r FROM hist_open');
  const columns = new Set([
    ...followed.map((own) => own.name),
    ...derivedValues(layout).map(({ name }) => name),
    ...layout.overwritten.map(({ as }) => as),
  ]);
  const wanted = [...columns].map((name) => `v.${identifier(name)}, `).join('');
  return (
    `CREATE OR REPLACE TEMP TABLE hist_row AS SELECT ${wanted}v.__file, v.__row FROM hist_values v ` +
    `SEMI JOIN (${refs.join(' UNION ')}) n ON n.f = v.__file AND n.r = v.__row`
  );
}
