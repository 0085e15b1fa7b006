import { cutToWidth, displayWidth } from './display-width.ts';

export interface TextColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are cut with an ellipsis; no bound where left out. */
  readonly maxColumns?: number;
}

/** Lines of a plain table: titles, a rule, then one line a row; columns two spaces apart, no trailing blanks. */
export function formatTextTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = rows.map((row) => columns.map((column, index) => fit(row[index] ?? '', column)));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  const line = (texts: readonly string[]) =>
    columns
      .map((column, index) => pad(texts[index] ?? '', widths[index] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...cells.map(line),
  ];
}

function fit(text: string, column: TextColumn): string {
  const oneLine = text.replace(/[\r\n\t]+/g, ' ');
  return column.maxColumns === undefined ? oneLine : cutToWidth(oneLine, column.maxColumns);
}

function pad(text: string, columns: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}
