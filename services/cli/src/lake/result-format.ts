import { DuckDBTypeId, type DuckDBResult, type DuckDBValue } from '@duckdb/node-api';
import type { CliContext } from '../cli-context.ts';
import { formatCount } from '../terminal/quantity.ts';
import { shortestFloat32 } from '../terminal/shortest-float.ts';
import { formatTextTable, type TextColumn } from '../terminal/text-table.ts';
import { csvCell, jsonValue, textValue } from './value-format.ts';

export type QueryFormat = 'table' | 'json' | 'csv';

/** A table on a terminal shows this many rows; pipes and files get all of them. */
const MAX_TABLE_ROWS = 200;
const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)/;

/** Prints a result chunk by chunk; only the table holds its rows, because its columns need their widths first. */
export async function writeResult(
  result: DuckDBResult,
  format: QueryFormat,
  context: Pick<CliContext, 'out' | 'paint'>,
): Promise<void> {
  const names = result.deduplicatedColumnNames();
  switch (format) {
    case 'json':
      return writeJson(result, names, context);
    case 'csv':
      return writeCsv(result, names, context);
    case 'table':
      return writeTable(result, names, context);
    default:
      return format satisfies never;
  }
}

/** One array of objects, a row a line. */
async function writeJson(
  result: DuckDBResult,
  names: readonly string[],
  { out }: Pick<CliContext, 'out'>,
): Promise<void> {
  const keys = names.map((name) => JSON.stringify(name));
  let separator = '[\n';
  await eachChunk(result, (rows) => {
    const lines = rows.map(
      (row) => `{${row.map((value, index) => `${keys[index]}:${jsonValue(value)}`).join(',')}}`,
    );
    out.write(separator + lines.join(',\n'));
    separator = ',\n';
  });
  out.write(separator === '[\n' ? '[]\n' : '\n]\n');
}

async function writeCsv(
  result: DuckDBResult,
  names: readonly string[],
  { out }: Pick<CliContext, 'out'>,
): Promise<void> {
  out.write(`${names.map(csvCell).join(',')}\n`);
  await eachChunk(result, (rows) =>
    out.write(
      rows
        .map((row) => `${row.map((value) => (value === null ? '' : csvCell(textValue(value)))).join(',')}\n`)
        .join(''),
    ),
  );
}

async function writeTable(
  result: DuckDBResult,
  names: readonly string[],
  { out, paint }: Pick<CliContext, 'out' | 'paint'>,
): Promise<void> {
  const rows: string[][] = [];
  let count = 0;
  const bound = out.isTty ? MAX_TABLE_ROWS : Infinity;
  await eachChunk(result, (chunk) => {
    count += chunk.length;
    for (const row of chunk) if (rows.length < bound) rows.push(row.map(textValue));
  });
  const columns = names.map((title, index): TextColumn => ({
    title,
    align: NUMBER.test(String(result.columnType(index))) ? 'right' : 'left',
    ...(out.isTty ? { maxColumns: 60 } : {}),
  }));
  const [titles = '', rule = '', ...lines] = formatTextTable(columns, rows);
  const more = count > rows.length ? ` (${formatCount(rows.length)} shown; --format csv gives all)` : '';
  out.write(
    [
      paint.bold(titles),
      paint.dim(rule),
      ...lines,
      paint.dim(`${formatCount(count)} ${count === 1 ? 'row' : 'rows'}${more}`),
    ].join('\n') + '\n',
  );
}

async function eachChunk(
  result: DuckDBResult,
  onRows: (rows: readonly DuckDBValue[][]) => void,
): Promise<void> {
  const floats = result
    .columnTypes()
    .flatMap(({ typeId }, index) => (typeId === DuckDBTypeId.FLOAT ? [index] : []));
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    const rows = chunk.getRows();
    for (const row of floats.length > 0 ? rows : [])
      for (const index of floats) row[index] = withFloatDigits(row[index] ?? null);
    onRows(rows);
  }
}

function withFloatDigits(value: DuckDBValue): DuckDBValue {
  return typeof value === 'number' && Number.isFinite(value) ? shortestFloat32(value) : value;
}
