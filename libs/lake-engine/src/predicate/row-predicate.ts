import type { AddFile, DeltaStruct } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { EngineSession } from '../engine-session.ts';
import { readFiles } from '../read-files.ts';
import { parseStatement } from '../statement-syntax.ts';
import { conditionBound, valueFunctions, type BoundTable } from './condition-bound.ts';
import { mayHold } from './file-bounds.ts';
import { conditionOf, objectionTo, type SyntaxNode } from './predicate-syntax.ts';

/** A condition on a table's own columns, in the engine's SQL. */
export interface RowPredicate {
  /** True, false or null of a row; the same whenever it is asked. */
  readonly sql: string;
  /** Whether a row of the file may satisfy it, by the file's partition and statistics. */
  mayHold(file: AddFile): boolean;
}

/** The table that a condition speaks of. */
export interface ConditionedTable extends BoundTable {
  readonly root: string;
}

const MAX_PREDICATE_CHARACTERS = 100_000;

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
  const functions = onlyFunctions ?? (await valueFunctions(session));
  const columns = new Set(schema.fields.map((own) => own.name.toLowerCase()));
  const objection = objectionTo(condition, columns, functions);
  if (objection !== null) throw invalid(root, objection);
  // A comment at its end must not swallow the bracket.
  const sql = `(${where}\n)`;
  await checkType(session, root, schema, sql);
  const bound = await conditionBound(session, table, condition, functions);
  return { sql, mayHold: (file) => mayHold(bound, file) };
}

async function syntaxOf(session: EngineSession, root: string, where: string): Promise<SyntaxNode> {
  const parsed = await parseStatement(session, `SELECT 1 FROM t WHERE ${where}`);
  if ('mistake' in parsed) throw invalid(root, parsed.mistake);
  const [only, ...more] = parsed.statements;
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

function invalid(root: string, why: string): PlatformError {
  return new PlatformError('LAKE_PREDICATE_INVALID', {
    doing: `reading a condition on the rows of ${root}`,
    why: why.replace(/[.!]$/u, ''),
    context: { table: root },
  });
}
