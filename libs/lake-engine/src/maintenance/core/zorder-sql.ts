import { field, type DeltaField } from '@hasivu/delta';
import { engineType, identifier, text } from '../../engine-sql.ts';

/** Bits of a column's range number: 256 ranges, more than the files of a cube. */
const BITS = 8;
/** Rows that the ranges are estimated from. */
const SAMPLE_ROWS = 20_000;
/** Column of a row's place on the curve. */
export const CURVE = '__z';
const CURVE_FIELD = field(CURVE, 'long');

/** One row: a list per column, `c0`, `c1` …, of the bounds between its ranges as texts, in order; the same each time. */
export function rangeBoundsSql(relation: string, columns: readonly DeltaField[]): string {
  const bounds = columns.map(({ name }, at) => `${boundsSql(identifier(name), 2 ** BITS)} AS c${at}`);
  return `SELECT ${bounds.join(', ')} FROM ${sampleSql(relation, columns)}`;
}

/** One row: a list, `bounds`, that cuts the curve into parts with about as many rows each; fewer where many rows lie at one place. */
export function curveBoundsSql(
  relation: string,
  columns: readonly DeltaField[],
  bounds: readonly (readonly string[])[],
  parts: number,
): string {
  const curve = curveSql(sampleSql(relation, columns), [], columns, bounds);
  return `SELECT ${boundsSql(CURVE, parts)} AS bounds FROM (${curve})`;
}

/** Number of the part of the curve that a row of {@link curveSql} is in. */
export function curvePartSql(bounds: readonly string[]): string {
  return rangeNumberSql(CURVE_FIELD, bounds);
}

/** The relation's rows with their place on the curve, {@link CURVE}. */
export function curveSql(
  relation: string,
  selected: readonly string[],
  columns: readonly DeltaField[],
  bounds: readonly (readonly string[])[],
): string {
  return `SELECT ${[...selected, `${placeSql(columns)} AS ${CURVE}`].join(', ')} FROM ${numberedSql(relation, columns, bounds)} q`;
}

/**
 * The relation's rows along a Z-order curve over the columns: sorted by the bits of their range numbers in turn, the first
 * column's leading, and within a cell by the columns themselves.
 * @param selected SQL of the columns that come out
 * @param bounds of each column, as {@link rangeBoundsSql} has them
 */
export function zOrderedSql(
  relation: string,
  selected: readonly string[],
  columns: readonly DeltaField[],
  bounds: readonly (readonly string[])[],
): string {
  const within = columns.map(({ name }) => `q.${identifier(name)}`).join(', ');
  return `SELECT ${selected.join(', ')} FROM ${numberedSql(relation, columns, bounds)} q ORDER BY ${placeSql(columns)}, ${within}`;
}

function boundsSql(column: string, parts: number): string {
  const shares = Array.from({ length: parts - 1 }, (_, at) => (at + 1) / parts).join(', ');
  return `CAST(list_sort(list_distinct(quantile_disc(${column}, [${shares}]))) AS VARCHAR[])`;
}

function sampleSql(relation: string, columns: readonly DeltaField[]): string {
  const names = columns.map(({ name }) => identifier(name)).join(', ');
  return `(SELECT ${names} FROM ${relation} USING SAMPLE reservoir(${SAMPLE_ROWS} ROWS) REPEATABLE (7))`;
}

function numberedSql(
  relation: string,
  columns: readonly DeltaField[],
  bounds: readonly (readonly string[])[],
): string {
  const numbers = columns.map((column, at) => `${rangeNumberSql(column, bounds[at] ?? [])} AS __n${at}`);
  return `(SELECT r.*, ${numbers.join(', ')} FROM ${relation} r)`;
}

/** The bits of a row's range numbers in turn, the first column's leading. */
function placeSql(columns: readonly DeltaField[]): string {
  const bits = columns.flatMap((_, at) =>
    Array.from({ length: BITS }, (__, bit) => {
      const to = bit * columns.length + (columns.length - 1 - at);
      return `(((q.__n${at} >> ${bit}) & 1) << ${to})`;
    }),
  );
  return bits.join(' | ');
}

/** Number of the range that a value falls into, found by halving; 0 for null, which stands before all values. */
function rangeNumberSql({ name, type }: DeltaField, bounds: readonly string[]): string {
  const column = identifier(name);
  const typeName = engineType(type);
  const between = (low: number, high: number): string => {
    if (low === high) return `${low}::BIGINT`;
    const middle = (low + high) >> 1;
    const bound = `${text(bounds[middle] as string)}::${typeName}`;
    return `CASE WHEN ${column} < ${bound} THEN ${between(low, middle)} ELSE ${between(middle + 1, high)} END`;
  };
  return `CASE WHEN ${column} IS NULL THEN 0::BIGINT ELSE ${between(0, bounds.length)} END`;
}
