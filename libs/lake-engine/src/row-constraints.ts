import { describeType, generationExpression, type Constraint, type DeltaField } from '@hasivu/delta';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { EngineSession } from './engine-session.ts';
import { engineType, identifier } from './engine-sql.ts';
import { parsePredicate, type ConditionedTable } from './predicate/row-predicate.ts';
import { parseGeneration, type Generation } from './shared-sql/generation.ts';

/** A constraint as the engine evaluates it. */
export interface RowConstraint {
  readonly name: string;
  /** True of the rows that may be in the table; null counts as false. */
  readonly sql: string;
}

/** Functions of which Spark's SQL, in which constraints are written, and the engine's have one notion. */
const SHARED_FUNCTIONS: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  'abs',
  'length',
  'lower',
  'upper',
  '~~',
  '!~~',
]);

/**
 * The constraints as conditions of the engine. Only what both dialects mean alike is taken: comparisons, AND, OR, NOT,
 * IN, BETWEEN, IS NULL, CASE, sums and products, LIKE and a few functions of texts.
 * @throws LAKE_CONSTRAINT_UNENFORCED naming the first that is anything else
 */
export async function rowConstraints(
  session: EngineSession,
  table: ConditionedTable,
  constraints: readonly Constraint[],
): Promise<RowConstraint[]> {
  const found: RowConstraint[] = [];
  for (const constraint of constraints) found.push(await rowConstraint(session, table, constraint));
  return found;
}

async function rowConstraint(
  session: EngineSession,
  table: ConditionedTable,
  constraint: Constraint,
): Promise<RowConstraint> {
  const { name } = constraint;
  if (constraint.kind === 'generated') {
    const own = table.schema.fields.find((one) => one.name === constraint.column);
    if (own === undefined)
      throw unenforced(
        table.root,
        name,
        'it is of a column inside another one, of one that names partitions, or of none that is written here',
      );
    const { sql } = await generationOf(session, table, own, constraint.expression);
    return { name, sql: `(${identifier(own.name)} IS NOT DISTINCT FROM ${sql})` };
  }
  if (constraint.kind === 'not-null') {
    if (!table.schema.fields.some((own) => own.name === constraint.column))
      throw unenforced(
        table.root,
        name,
        'it is of a column inside another one, or of none that is written here',
      );
    return { name, sql: `(${identifier(constraint.column)} IS NOT NULL)` };
  }
  try {
    const { sql } = await parsePredicate(session, table, constraint.expression, SHARED_FUNCTIONS);
    return { name, sql };
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'LAKE_PREDICATE_INVALID') throw error;
    throw unenforced(
      table.root,
      name,
      'its expression is more than both Spark and this engine mean alike',
      error,
    );
  }
}

/**
 * What a column of the table is computed by, from its other columns.
 * @throws LAKE_CONSTRAINT_UNENFORCED where that is more than Spark and this engine mean alike
 */
export async function generationOf(
  session: EngineSession,
  { root, schema }: Pick<ConditionedTable, 'root' | 'schema'>,
  column: DeltaField,
  expression: string,
): Promise<Generation> {
  const fields = schema.fields.filter((own) => generationExpression(own) === null && own !== column);
  const generation = await parseGeneration(session, { root, fields }, column.name, expression);
  if (generation.type === column.type) return generation;
  const why = `its expression is of the type ${generation.type}, and the column of ${describeType(column.type)}`;
  throw unenforced(root, `generation of ${column.name}`, why);
}

/**
 * What a column's default is, as an expression of the engine: a constant, made of what {@link rowConstraints} takes.
 * @throws LAKE_CONSTRAINT_UNENFORCED for any other
 */
export async function defaultValue(
  session: EngineSession,
  table: ConditionedTable,
  column: DeltaField,
  expression: string,
): Promise<string> {
  const name = `default of ${column.name}`;
  // A backslash is a character here, and begins an escape in Spark.
  if (expression.includes('\\'))
    throw unenforced(table.root, name, 'it has a backslash, which Spark reads otherwise');
  const value = `CAST((${expression}\n) AS ${engineType(column.type)})`;
  const constant = { ...table, schema: { type: 'struct', fields: [] } } as const;
  try {
    await parsePredicate(session, constant, `${value} IS NULL`, SHARED_FUNCTIONS);
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'LAKE_PREDICATE_INVALID') throw error;
    throw unenforced(table.root, name, 'it is no constant that Spark and this engine mean alike', error);
  }
  return value;
}

/** What is done by rows that are held, by which rows these are. */
const HOLDING = {
  new: 'adding rows to',
  existing: 'adding a constraint to',
  recomputed: 'changing generated columns of',
} as const;

/** @throws LAKE_CONSTRAINT_BROKEN naming the first constraint that rows of the relation break, and how many do */
export async function holdRows(
  session: EngineSession,
  root: string,
  constraints: readonly RowConstraint[],
  relation: string,
  which: keyof typeof HOLDING,
): Promise<void> {
  if (constraints.length === 0) return;
  const counts = constraints.map(({ sql }, at) => `count(*) FILTER (NOT coalesce(${sql}, false)) AS c${at}`);
  const names = constraints.map(({ name }) => name);
  const [row] = await evaluating(root, names, () =>
    session.rows(`SELECT ${counts.join(', ')} FROM ${relation}`),
  );
  for (const [at, { name }] of constraints.entries()) {
    const rows = Number(row?.[`c${at}`]);
    if (rows === 0) continue;
    throw new PlatformError('LAKE_CONSTRAINT_BROKEN', {
      doing: `${HOLDING[which]} the table ${root}`,
      why: `${rows} ${which} ${rows === 1 ? 'row breaks' : 'rows break'} "${name}"`,
      context: { table: root, constraint: name, rows },
    });
  }
}

/** By how the engine's message begins. */
const WHY_NOT: readonly (readonly [begin: RegExp, why: string])[] = [
  [/^(Conversion|Out of Range|Invalid Input) Error/u, 'a row has a value on which it cannot be evaluated'],
  [/^(Binder|Parser|Not implemented) Error/iu, 'the engine cannot evaluate it: it may be nested too deep'],
];

/**
 * Runs what evaluates expressions of the table. A value that one of them cannot be evaluated on, such as a text that is
 * no number, or a sum that is too large, is the expression's trouble. @throws LAKE_CONSTRAINT_UNENFORCED naming them
 */
export async function evaluating<T>(
  root: string,
  names: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = (error as { message?: unknown } | null)?.message;
    if (names.length === 0 || typeof message !== 'string') throw error;
    const why = WHY_NOT.find(([begin]) => begin.test(message))?.[1];
    if (why === undefined) throw error;
    // Without the engine's message, which can quote the value.
    throw unenforced(root, names.join('", "'), why);
  }
}

function unenforced(root: string, constraint: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError('LAKE_CONSTRAINT_UNENFORCED', {
    doing: `enforcing "${constraint}" of the table ${root}`,
    why,
    context: { table: root, constraint },
    cause,
  });
}
