import type { ColumnMapping, DeltaField, DeltaStruct } from '@hasivu/delta';
import { engineType, text } from '../engine-sql.ts';
import { foldName } from '../fold-name.ts';
import { expressionText, type EngineQueries } from '../statement-syntax.ts';
import { isOrderedType, type Comparison, type FileBound } from './file-bounds.ts';
import type { SyntaxNode } from './predicate-syntax.ts';

/** The table whose files a condition tells apart. */
export interface BoundTable {
  readonly schema: DeltaStruct;
  /** How files and their statistics name its columns. */
  readonly columns: ColumnMapping;
}

/** The column's name when a reference is to the table's own column; null when it is, or may be, another's. */
export type ColumnResolver = (reference: readonly string[]) => string | null;

/** Longest list of values by which files are told apart. */
const MAX_VALUES = 100;

/** Functions that the engine calls consistent, and that tell of the session or the time: `age` of one argument does. */
const OF_THE_MOMENT = [
  'current_setting',
  'getvariable',
  'current_localtime',
  'current_localtimestamp',
  'age',
];

/** Functions of a row's values alone. Those of the session, of the time and of chance give another answer when asked again. */
const FUNCTIONS = `SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()
WHERE function_type = 'scalar' AND stability = 'CONSISTENT' AND function_name NOT IN (${OF_THE_MOMENT.map(text).join(', ')})
UNION SELECT 'nullif'`;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Lower-case names of the functions that tell a value by their arguments alone. */
export async function valueFunctions(session: EngineQueries): Promise<ReadonlySet<string>> {
  return new Set((await session.rows(FUNCTIONS)).map((row) => row['name'] as string));
}

/**
 * What a condition asks of a file before a row of it can satisfy it; whatever is not understood asks nothing.
 * @param functions of constants that may be worked out now @param resolve by default every one-part name is the table's
 */
export async function conditionBound(
  session: EngineQueries,
  table: BoundTable,
  node: SyntaxNode | undefined,
  functions: ReadonlySet<string>,
  resolve: ColumnResolver = onlyName,
): Promise<FileBound> {
  const { schema, columns } = table;
  const open: FileBound = { kind: 'open' };
  const partsOf = async (nodes: readonly SyntaxNode[]): Promise<FileBound[]> => {
    const parts: FileBound[] = [];
    for (const part of nodes) parts.push(await conditionBound(session, table, part, functions, resolve));
    return parts;
  };
  const compared = async (
    column: SyntaxNode | undefined,
    by: Comparison,
    value: SyntaxNode | undefined,
  ): Promise<FileBound> => {
    const own = columnOf(schema, column, resolve);
    if (own === null || value === undefined || !isConstant(value, functions)) return open;
    const constant = await constantOf(session, own, value);
    return constant === null
      ? open
      : { kind: 'compare', column: columns.storedName(own.name), type: own.type, by, value: constant };
  };
  const { children = [] } = node ?? {};
  switch (node?.type) {
    case 'CONJUNCTION_AND':
      return { kind: 'all', of: await partsOf(children) };
    case 'CONJUNCTION_OR':
      return { kind: 'any', of: await partsOf(children) };
    case 'COMPARE_BETWEEN': {
      const least = await compared(node.input, '>=', node.lower);
      const most = await compared(node.input, '<=', node.upper);
      // The three are of one type and one collation: what one bound is may make something else of the other.
      return least.kind === 'open' || most.kind === 'open' ? open : { kind: 'all', of: [least, most] };
    }
    case 'COMPARE_IN': {
      const [column, ...values] = children;
      if (values.length > MAX_VALUES) return open;
      const parts: FileBound[] = [];
      for (const value of values) parts.push(await compared(column, '=', value));
      return { kind: 'any', of: parts };
    }
    case 'OPERATOR_IS_NULL': {
      const own = columnOf(schema, children[0], resolve);
      return own === null ? open : { kind: 'is-null', column: columns.storedName(own.name) };
    }
    default: {
      const by = COMPARISONS[node?.type ?? ''];
      if (by === undefined) return open;
      return columnOf(schema, node?.left, resolve) === null
        ? compared(node?.right, MIRRORED[by], node?.left)
        : compared(node?.left, by, node?.right);
    }
  }
}

function onlyName(reference: readonly string[]): string | null {
  return reference.length === 1 ? (reference[0] ?? null) : null;
}

/** The table's column that the node is, where files can be told apart by it. */
function columnOf(
  { fields }: DeltaStruct,
  node: SyntaxNode | undefined,
  resolve: ColumnResolver,
): DeltaField | null {
  if (node?.class !== 'COLUMN_REF') return null;
  const name = resolve(node.column_names ?? []);
  if (name === null) return null;
  const own = fields.find((candidate) => foldName(candidate.name) === foldName(name));
  return own !== undefined && (isOrderedType(own.type) || typeof own.type === 'string') ? own : null;
}

function isConstant(node: SyntaxNode, functions: ReadonlySet<string>): boolean {
  if (node.class === 'CONSTANT') return true;
  if (node.class === 'CAST') return isConstant((node as { child: SyntaxNode }).child, functions);
  if (node.class !== 'FUNCTION' || !functions.has(node.function_name?.toLowerCase() ?? '')) return false;
  return (node.children ?? []).every((argument) => isConstant(argument, functions));
}

/** The constant as statistics word values of the column; null where it has no exact counterpart among them. */
async function constantOf(
  session: EngineQueries,
  { type }: DeltaField,
  node: SyntaxNode,
): Promise<string | null> {
  if (!isOrderedType(type)) return null;
  const constant = await expressionText(session, node);
  const own = engineType(type);
  const cast = `TRY_CAST(${constant} AS ${own})`;
  const isTime = type === 'timestamp' || type === 'timestamp_ntz';
  const form = isTime ? `CASE WHEN isfinite(${cast}) THEN epoch_us(${cast}) END` : cast;
  // A number compared with texts makes numbers of the texts, which are in another order; one of floating point rounds the
  // others to it, so that values beside it are equal to it.
  const fits =
    type === 'string'
      ? `typeof(${constant}) = 'VARCHAR'`
      : `typeof(${constant}) NOT IN ('FLOAT', 'DOUBLE') AND ${cast} = ${constant}`;
  try {
    const [row] = await session.rows(`SELECT CASE WHEN ${fits} THEN CAST(${form} AS VARCHAR) END AS value`);
    return (row?.['value'] as string | null | undefined) ?? null;
  } catch {
    // A constant that cannot be worked out says nothing here: the statement itself tells of it.
    return null;
  }
}
