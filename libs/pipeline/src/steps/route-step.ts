import { rejection, type CompiledStep, type StepIdentity } from '../compiled-step.ts';
import { compilePredicate } from '../expression/compile-expression.ts';
import { readsUnavailable, type Row } from '../row.ts';
import type { SchemaDraft } from '../schema-draft.ts';
import { StepMistake } from '../step-mistake.ts';
import { OK, type Route, type StepResult } from '../step-result.ts';
import { UNDECIDED } from './filter-step.ts';

const OUTPUT_NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** `route: {when, to}`: sends rows for which the expression is true to another output; the first match counts. */
export function createRouteStep(
  definition: { readonly when: string; readonly to: string },
  draft: SchemaDraft,
  identity: StepIdentity,
): CompiledStep & { readonly columns: readonly string[] } {
  if (!OUTPUT_NAME.test(definition.to))
    throw new StepMistake(`${JSON.stringify(definition.to)} is no output name (letters, digits, _ and -)`);
  const { evaluate, slots, columns } = compilePredicate(definition.when, draft.scope);
  const route: Route = { tag: 'route', output: definition.to };
  return {
    kind: 'route',
    reads: slots,
    keyed: false,
    columns,
    run: function routeStep(row: Row): StepResult {
      if (readsUnavailable(row, slots)) return { tag: 'reject', ...identity, reason: UNDECIDED };
      try {
        return evaluate(row.values) === true ? route : OK;
      } catch (error) {
        return rejection(error, identity);
      }
    },
  };
}
