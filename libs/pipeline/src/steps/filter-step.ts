import { rejection, type CompiledStep, type StepIdentity } from '../compiled-step.ts';
import { compilePredicate } from '../expression/compile-expression.ts';
import { readsUnavailable, type Row } from '../row.ts';
import type { SchemaDraft } from '../schema-draft.ts';
import { DROP, OK, type StepResult } from '../step-result.ts';

/**
 * `filter: {expr}`: keeps the rows for which the expression is true, as WHERE does. A row whose answer depends on an
 * unavailable value is rejected: keeping or dropping it would be a guess.
 */
export function createFilterStep(
  definition: { readonly expr: string },
  draft: SchemaDraft,
  identity: StepIdentity,
): CompiledStep & { readonly columns: readonly string[] } {
  const { evaluate, slots, columns } = compilePredicate(definition.expr, draft.scope);
  return {
    kind: 'filter',
    reads: slots,
    keyed: false,
    columns,
    run: function filterStep(row: Row): StepResult {
      if (readsUnavailable(row, slots)) return { tag: 'reject', ...identity, reason: UNDECIDED };
      try {
        return evaluate(row.values) === true ? OK : DROP;
      } catch (error) {
        return rejection(error, identity);
      }
    },
  };
}

export const UNDECIDED = 'it reads a column whose unchanged out-of-line value the log does not carry';
