import { assign, type CompiledStep, type StepIdentity } from '../compiled-step.ts';
import { compileExpression, compileExpressionAs } from '../expression/compile-expression.ts';
import type { Row } from '../row.ts';
import type { SchemaDraft } from '../schema-draft.ts';
import { StepMistake } from '../step-mistake.ts';
import type { StepResult } from '../step-result.ts';
import { parseTypeName } from '../values/type-name.ts';

/** `derive: {column, expr, type?}`: a new column, or a new value for an existing one. */
export function createDeriveStep(
  definition: { readonly column: string; readonly expr: string; readonly type?: string | undefined },
  draft: SchemaDraft,
  identity: StepIdentity,
): CompiledStep {
  const { column, expr } = definition;
  const wanted = definition.type === undefined ? null : parseTypeName(definition.type);
  if (typeof wanted === 'string') throw new StepMistake(wanted, column);
  const { scope } = draft;
  const compiled = wanted ? compileExpressionAs(expr, scope, wanted) : compileExpression(expr, scope);
  const { type } = compiled;
  if (type.kind === 'null')
    throw new StepMistake('the expression is always null: say which type it has', column);
  const sources = compiled.columns.map((name) => draft.column(name));
  const target = draft.derive(column, type, sources, expr);
  const { evaluate, slots } = compiled;
  return {
    kind: 'column',
    reads: slots,
    keyed: false,
    run: function deriveStep(row: Row): StepResult {
      return assign(row, target, slots, evaluate, identity);
    },
  };
}
