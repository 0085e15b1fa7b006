import { PlatformError } from '@hasivu/errors';

import type { PipelineDefinition } from './compile-pipeline.ts';
import { ExpressionMistake } from './expression/expression-mistake.ts';
import { parseExpression } from './expression/parser.ts';
import { describeStep, stepColumn, type StepDefinition } from './step-definition.ts';
import { parseTypeName } from './values/type-name.ts';

/**
 * Finds the mistakes that need no table: syntax of expressions, names of types. What a step does with the columns shows
 * when it is compiled for their schema. @throws PlatformError PIPELINE_STEP_INVALID for the first
 */
export function checkSteps(definition: Pick<PipelineDefinition, 'name' | 'steps'>): void {
  definition.steps.forEach((step, index) => {
    const why = mistakeIn(step);
    if (why === null) return;
    const rule = describeStep(step, index);
    throw new PlatformError('PIPELINE_STEP_INVALID', {
      doing: `reading the pipeline "${definition.name}"`,
      why: `${rule}: ${why}`,
      context: { pipeline: definition.name, step: rule, column: stepColumn(step) },
    });
  });
}

function mistakeIn(step: StepDefinition): string | null {
  const type = 'cast' in step ? step.cast.to : 'derive' in step ? step.derive.type : undefined;
  const parsed = type === undefined ? null : parseTypeName(type);
  if (typeof parsed === 'string') return parsed;
  const source =
    'derive' in step
      ? step.derive.expr
      : 'filter' in step
        ? step.filter.expr
        : 'route' in step
          ? step.route.when
          : null;
  if (source === null) return null;
  try {
    parseExpression(source);
    return null;
  } catch (error) {
    if (error instanceof ExpressionMistake)
      return `character ${error.at + 1} of its expression: ${error.message}`;
    throw error;
  }
}
