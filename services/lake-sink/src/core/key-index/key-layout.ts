import { decimalShape, type DeltaField } from '@hasivu/delta';
import { identifier } from '@hasivu/lake-engine';
import type { TableShape } from '../table-shape.ts';

/** How a table's keys become codes of a fixed number of 32-bit words: equal codes are equal keys, and the reverse. */
export interface KeyLayout {
  readonly columns: readonly KeyColumn[];
  readonly codeWords: 2 | 4;
  /** Differs where the same key would have another code. */
  readonly signature: string;
}

export interface KeyColumn {
  readonly name: string;
  readonly words: 1 | 2 | 4;
  /** What the engine selects of the relation `alias`: a value of fixed width, null where the key cannot be coded. */
  select(alias: string): string;
}

const MAX_WORDS = 4;
const WORDS: Readonly<Record<string, 1 | 2>> = {
  boolean: 1,
  byte: 1,
  short: 1,
  integer: 1,
  date: 1,
  long: 2,
  timestamp: 2,
  timestamp_ntz: 2,
};

/** Null where a code would not fit: text other than UUIDs, binary, floating point, or more than 16 bytes. */
export function keyLayout(shape: TableShape): KeyLayout | null {
  const columns: KeyColumn[] = [];
  for (const name of shape.key) {
    const column = keyColumn(shape.rowFields.find((own) => own.name === name));
    if (column === null) return null;
    columns.push(column);
  }
  const words = columns.reduce((sum, column) => sum + column.words, 0);
  if (columns.length === 0 || words > MAX_WORDS) return null;
  const signature = columns.map((column) => `${column.name} ${column.select('k')}`).join();
  return { columns, codeWords: words <= 2 ? 2 : 4, signature };
}

function keyColumn(field: DeltaField | undefined): KeyColumn | null {
  if (field === undefined || typeof field.type !== 'string') return null;
  const { name, type } = field;
  const column = (alias: string): string => `${alias}.${identifier(name)}`;
  if (type === 'string') {
    if (field.metadata['pgType'] !== 'uuid') return null;
    // Text that another text of the same UUID would equal has no code: there are several ways to write one.
    const uuid = (alias: string): string => `TRY_CAST(${column(alias)} AS UUID)`;
    const select = (alias: string): string =>
      `CASE WHEN CAST(${uuid(alias)} AS VARCHAR) = ${column(alias)} THEN ${uuid(alias)} END`;
    return { name, words: 4, select };
  }
  const decimal = decimalShape(type);
  if (decimal !== null) {
    const words = decimal.precision <= 9 ? 1 : decimal.precision <= 18 ? 2 : 4;
    const wide = `DECIMAL(${Math.max(decimal.precision, 5)},${decimal.scale})`;
    return { name, words, select: (alias) => `CAST(${column(alias)} AS ${wide})` };
  }
  const words = WORDS[type];
  if (words === undefined) return null;
  const isNarrow = type === 'boolean' || type === 'byte' || type === 'short';
  return {
    name,
    words,
    select: (alias) => (isNarrow ? `CAST(${column(alias)} AS INTEGER)` : column(alias)),
  };
}
