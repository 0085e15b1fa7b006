import type { AddFile, ColumnMapping, DeltaField, DeltaStruct } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { EngineSession } from '../engine-session.ts';
import { engineType, text } from '../engine-sql.ts';
import { readFiles } from '../read-files.ts';
import { isOrderedType, mayHold, type Comparison, type FileBound } from './file-bounds.ts';
import { conditionOf, objectionTo, type SyntaxNode } from './predicate-syntax.ts';

/** A condition on a table's own columns, in the engine's SQL. */
export interface RowPredicate {
  /** True, false or null of a row; the same whenever it is asked. */
  readonly sql: string;
  /** Whether a row of the file may satisfy it, by the file's partition and statistics. */
  mayHold(file: AddFile): boolean;
}

/** The table that a condition speaks of. */
export interface ConditionedTable {
  readonly root: string;
  readonly schema: DeltaStruct;
  /** How files and their statistics name its columns. */
  readonly columns: ColumnMapping;
}

/** Longest list of values by which files are told apart. */
const MAX_VALUES = 100;
const MAX_PREDICATE_CHARACTERS = 100_000;

/** Functions of a row's values alone. Those of the session, of the time and of chance give another answer when asked again. */
const FUNCTIONS = `SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions()
WHERE function_type = 'scalar' AND stability = 'CONSISTENT' AND function_name NOT IN ('current_setting', 'getvariable')
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

/**
 * Reads a condition that somebody wrote: it may use the table's columns and functions of their values, nothing else.
 * @throws LAKE_PREDICATE_INVALID saying what is wrong with it
 */
export async function parsePredicate(
  session: EngineSession,
  table: ConditionedTable,
  written: string,
  /** Only these; by default all that tell a value by the row's values alone. */
  onlyFunctions?: ReadonlySet<string>,
): Promise<RowPredicate> {
  const { root, schema } = table;
  const where = written.trim().replace(/;+$/u, '');
  if (where === '' || where.length > MAX_PREDICATE_CHARACTERS)
    throw invalid(
      root,
      `it has ${where.length} characters, and 1 to ${MAX_PREDICATE_CHARACTERS} are possible`,
    );
  const condition = await syntaxOf(session, root, where);
  const functions =
    onlyFunctions ?? new Set((await session.rows(FUNCTIONS)).map((row) => row['name'] as string));
  const columns = new Set(schema.fields.map((own) => own.name.toLowerCase()));
  const objection = objectionTo(condition, columns, functions);
  if (objection !== null) throw invalid(root, objection);
  // A comment at its end must not swallow the bracket.
  const sql = `(${where}\n)`;
  await checkType(session, root, schema, sql);
  const bound = await boundOf(session, table, condition);
  return { sql, mayHold: (file) => mayHold(bound, file) };
}

async function syntaxOf(session: EngineSession, root: string, where: string): Promise<SyntaxNode> {
  const statement = `SELECT 1 FROM t WHERE ${where}`;
  const [row] = await session.rows(`SELECT json_serialize_sql(${text(statement)}) AS tree`);
  const tree = parseExactly(row?.['tree'] as string) as {
    readonly error?: boolean;
    readonly error_message?: string;
    readonly statements?: readonly Parameters<typeof conditionOf>[0][];
  };
  if (tree.error === true) throw invalid(root, tree.error_message ?? 'it cannot be parsed');
  const [only, ...more] = tree.statements ?? [];
  const condition = only === undefined || more.length > 0 ? null : conditionOf(only);
  if (condition === null) throw invalid(root, 'it is more than the condition of a WHERE');
  return condition;
}

/** Asked of no rows, so that the answer holds no row's value. */
async function checkType(
  session: EngineSession,
  root: string,
  schema: DeltaStruct,
  sql: string,
): Promise<void> {
  let described: unknown;
  try {
    const empty = readFiles(schema.fields, [], []);
    const [row] = await session.rows(`DESCRIBE SELECT ${sql} AS predicate FROM ${empty}`);
    described = row?.['column_type'];
  } catch (error) {
    throw invalid(root, (error as { message?: string }).message?.split('\n')[0] ?? 'the engine refuses it');
  }
  if (described !== 'BOOLEAN') throw invalid(root, `it is of the type ${String(described)}, not BOOLEAN`);
}

async function boundOf(
  session: EngineSession,
  table: ConditionedTable,
  node: SyntaxNode | undefined,
): Promise<FileBound> {
  const { schema, columns } = table;
  const open: FileBound = { kind: 'open' };
  const partsOf = async (nodes: readonly SyntaxNode[]): Promise<FileBound[]> => {
    const parts: FileBound[] = [];
    for (const part of nodes) parts.push(await boundOf(session, table, part));
    return parts;
  };
  const compared = async (
    column: SyntaxNode | undefined,
    by: Comparison,
    value: SyntaxNode | undefined,
  ): Promise<FileBound> => {
    const own = columnOf(schema, column);
    if (own === null || value === undefined || !isConstant(value)) return open;
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
      return { kind: 'all', of: [least, await compared(node.input, '<=', node.upper)] };
    }
    case 'COMPARE_IN': {
      const [column, ...values] = children;
      if (values.length > MAX_VALUES) return open;
      const parts: FileBound[] = [];
      for (const value of values) parts.push(await compared(column, '=', value));
      return { kind: 'any', of: parts };
    }
    case 'OPERATOR_IS_NULL': {
      const own = columnOf(schema, children[0]);
      return own === null ? open : { kind: 'is-null', column: columns.storedName(own.name) };
    }
    default: {
      const by = COMPARISONS[node?.type ?? ''];
      if (by === undefined) return open;
      return columnOf(schema, node?.left) === null
        ? compared(node?.right, MIRRORED[by], node?.left)
        : compared(node?.left, by, node?.right);
    }
  }
}

/** The table's column that the node is, where files can be told apart by it. */
function columnOf({ fields }: DeltaStruct, node: SyntaxNode | undefined): DeltaField | null {
  if (node?.class !== 'COLUMN_REF' || node.column_names?.length !== 1) return null;
  const name = node.column_names[0]?.toLowerCase();
  const own = fields.find((candidate) => candidate.name.toLowerCase() === name);
  return own !== undefined && (isOrderedType(own.type) || typeof own.type === 'string') ? own : null;
}

function isConstant(node: SyntaxNode): boolean {
  if (node.class === 'CONSTANT') return true;
  return node.class === 'CAST' && isConstant((node as { child: SyntaxNode }).child);
}

/** The constant as statistics word values of the column; null where it has no exact counterpart among them. */
async function constantOf(
  session: EngineSession,
  { type }: DeltaField,
  node: SyntaxNode,
): Promise<string | null> {
  if (!isOrderedType(type)) return null;
  const statement = {
    error: false,
    statements: [{ node: { ...EMPTY_SELECT, select_list: [node] }, named_param_map: [] }],
  };
  const [written] = await session.rows(
    `SELECT json_deserialize_sql(${text(JSON.stringify(statement))}) AS sql`,
  );
  const constant = (written?.['sql'] as string).replace(/^SELECT /u, '');
  const own = engineType(type);
  const cast = `TRY_CAST(${constant} AS ${own})`;
  const isTime = type === 'timestamp' || type === 'timestamp_ntz';
  const form = isTime ? `CASE WHEN isfinite(${cast}) THEN epoch_us(${cast}) END` : cast;
  // A number compared with texts makes numbers of the texts, which are in another order.
  const fits = type === 'string' ? `typeof(${constant}) = 'VARCHAR'` : `${cast} = ${constant}`;
  const [row] = await session.rows(`SELECT CASE WHEN ${fits} THEN CAST(${form} AS VARCHAR) END AS value`);
  return (row?.['value'] as string | null | undefined) ?? null;
}

const EMPTY_SELECT = {
  type: 'SELECT_NODE',
  modifiers: [],
  cte_map: { map: [] },
  from_table: { type: 'EMPTY', alias: '', sample: null },
  where_clause: null,
  group_expressions: [],
  group_sets: [],
  aggregate_handling: 'STANDARD_HANDLING',
  having: null,
  sample: null,
  qualify: null,
};

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };

/** Numbers keep their digits: they go back to the engine. */
function parseExactly(json: string): unknown {
  const parse = JSON.parse as (
    text: string,
    revive: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
  return parse(json, (_, value, { source }) =>
    typeof value === 'number' ? rawJSON(source ?? String(value)) : value,
  );
}

function invalid(root: string, why: string): PlatformError {
  return new PlatformError('LAKE_PREDICATE_INVALID', {
    doing: `reading a condition on the rows of ${root}`,
    why: why.replace(/[.!]$/u, ''),
    context: { table: root },
  });
}
