import { describeColumnType } from '@hasivu/change-events';

import { assign, type CompiledStep, type StepIdentity } from '../compiled-step.ts';
import type { Evaluate } from '../expression/compiled.ts';
import type { Row } from '../row.ts';
import type { SchemaDraft } from '../schema-draft.ts';
import { StepMistake } from '../step-mistake.ts';
import type { StepResult } from '../step-result.ts';
import { conversionOf } from '../values/convert.ts';
import { parseTypeName } from '../values/type-name.ts';

/** `cast: {column, to}`: the value in another type; a value that has none there rejects the row. */
export function createCastStep(
  definition: { readonly column: string; readonly to: string },
  draft: SchemaDraft,
  identity: StepIdentity,
): CompiledStep {
  const { column, to } = definition;
  const { slot, type: from, keyIndex } = draft.column(column);
  const type = parseTypeName(to);
  if (typeof type === 'string') throw new StepMistake(type, column);
  const convert = conversionOf(from, type);
  if (!convert)
    throw new StepMistake(`${describeColumnType(from)} can't become ${describeColumnType(type)}`, column);
  const target = draft.rewrite(column, type, { masking: false, description: `cast to ${to}` });
  const reads = [slot];
  const evaluate: Evaluate = (values) => {
    const value = values[slot] ?? null;
    return value === null ? null : convert(value);
  };
  return {
    kind: 'column',
    reads,
    keyed: keyIndex >= 0,
    run: function castStep(row: Row): StepResult {
      return assign(row, target, reads, evaluate, identity);
    },
  };
}
