import type { DeltaField } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { EngineQueries } from '../statement-syntax.ts';
import { parseStatement } from '../statement-syntax.ts';
import { conditionOf } from '../predicate/predicate-syntax.ts';
import { sharedTerm, type ExpressionNode } from './shared-expression.ts';
import { NoColumn, NotShared, type SharedTerm } from './shared-term.ts';
import { engineText } from './spark-text.ts';

/** What a generated column is computed by. */
export interface Generation {
  /** As Spark types it: a primitive name of Delta's schema. */
  readonly type: string;
  /** In Spark's SQL. */
  readonly spark: string;
  /** In this engine's, over the columns by their names. */
  readonly sql: string;
  /** Columns that it uses. */
  readonly columns: ReadonlySet<string>;
}

const MAX_CHARACTERS = 10_000;

/**
 * Reads what a column is to be computed by, an expression of Spark's SQL over other columns. Only what Spark and this
 * engine compute alike, each value of each type, is taken; the README says what that is.
 * @param fields the columns that it may use
 * @throws LAKE_CONSTRAINT_UNENFORCED naming the column and what is not taken
 */
export async function parseGeneration(
  session: EngineQueries,
  table: { readonly root: string; readonly fields: readonly DeltaField[] },
  column: string,
  expression: string,
): Promise<Generation> {
  const used = new Set<string>();
  let term: SharedTerm;
  try {
    const syntax = await syntaxOf(session, engineText(checkedLength(expression)));
    term = sharedTerm(syntax, { fields: table.fields, used });
    if (term.type === 'null') throw new NotShared('it is always null');
    // With every cast spelled out it nests deeper than it was written.
    await syntaxOf(session, term.engine);
  } catch (error) {
    if (!(error instanceof NotShared)) throw error;
    throw new PlatformError('LAKE_CONSTRAINT_UNENFORCED', {
      doing: `computing the generated column "${column}" of the table ${table.root}`,
      why:
        error instanceof NoColumn
          ? `${error.message}: it was renamed, dropped or never there, or is generated too, where the whole expression has to stand; if it comes with changes that were not read yet, take the setting out until they are`
          : `its expression is more than both Spark and this engine mean alike: ${error.message}`,
      context: { table: table.root, column },
    });
  }
  return { type: term.type, spark: term.spark, sql: term.engine, columns: used };
}

function checkedLength(expression: string): string {
  if (expression.length > MAX_CHARACTERS)
    throw new NotShared(`it has more than ${MAX_CHARACTERS} characters`);
  return expression;
}

/** @param sql in the engine's words */
async function syntaxOf(session: EngineQueries, sql: string): Promise<ExpressionNode | undefined> {
  const parsed = await parseStatement(session, `SELECT 1 FROM t WHERE (${sql}) IS NULL`);
  if ('mistake' in parsed) throw new NotShared('it cannot be parsed, or is nested too deep');
  const [only, ...more] = parsed.statements;
  const condition = only === undefined || more.length > 0 ? null : conditionOf(only);
  if (condition?.type !== 'OPERATOR_IS_NULL') throw new NotShared('it is more than one expression');
  return condition.children?.[0];
}
