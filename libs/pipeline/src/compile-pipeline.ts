import type { TableSchema } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import type { CompiledStep, StepIdentity } from './compiled-step.ts';
import { CompiledPipeline, type RowDependency } from './compiled-pipeline.ts';
import { ExpressionMistake } from './expression/expression-mistake.ts';
import { fingerprintOf } from './fingerprint.ts';
import { SchemaDraft, type DraftColumn } from './schema-draft.ts';
import { describeStep, stepColumn, type StepDefinition } from './step-definition.ts';
import { StepMistake } from './step-mistake.ts';
import { createCastStep } from './steps/cast-step.ts';
import { createDeriveStep } from './steps/derive-step.ts';
import { createFilterStep } from './steps/filter-step.ts';
import { createMaskStep } from './steps/mask-step.ts';
import { createRouteStep } from './steps/route-step.ts';

export interface PipelineDefinition {
  readonly name: string;
  readonly steps: readonly StepDefinition[];
  /** The output of rows that no route step sends elsewhere. */
  readonly to: string;
}

/**
 * Compiles a pipeline for rows of one table schema.
 * @throws PlatformError PIPELINE_STEP_INVALID naming the pipeline, the step, the column and, in expressions, the position
 */
export function compilePipeline(definition: PipelineDefinition, input: TableSchema): CompiledPipeline {
  const draft = new SchemaDraft(input.columns, input.key);
  const steps: CompiledStep[] = [];
  const rowDependencies: RowDependency[] = [];
  const outputs = new Set([definition.to]);
  definition.steps.forEach((step, index) => {
    const rule = describeStep(step, index);
    try {
      // Looked up before the step: afterwards the column may have another name.
      const before = draft.columns;
      const compiled = createStep(step, draft, { rule, fingerprint: fingerprintOf(step) });
      if (!compiled) return;
      steps.push(compiled);
      if ('columns' in compiled) rowDependencies.push(...dependencies(compiled.columns, before, rule));
      if ('route' in step) outputs.add(step.route.to);
    } catch (error) {
      throw explained(error, definition.name, input, step, rule);
    }
  });
  return new CompiledPipeline({
    name: definition.name,
    input,
    to: definition.to,
    outputs: [...outputs],
    draft,
    steps,
    rowDependencies,
  });
}

type RowStep = CompiledStep & { readonly columns?: readonly string[] };

function createStep(step: StepDefinition, draft: SchemaDraft, identity: StepIdentity): RowStep | null {
  if ('cast' in step) return createCastStep(step.cast, draft, identity);
  if ('derive' in step) return createDeriveStep(step.derive, draft, identity);
  if ('filter' in step) return createFilterStep(step.filter, draft, identity);
  if ('mask' in step) return createMaskStep(step.mask, draft, identity);
  if ('route' in step) return createRouteStep(step.route, draft, identity);
  // Names alone change: nothing is left to do per row.
  if ('rename' in step) draft.rename(step.rename.from, step.rename.to);
  else for (const column of step.drop.columns) draft.drop(column);
  return null;
}

function dependencies(
  columns: readonly string[] = [],
  before: readonly DraftColumn[],
  description: string,
): RowDependency[] {
  return columns.flatMap((name) => {
    const origins = before.find((column) => column.name === name)?.origins ?? [];
    return origins.map(({ column }) => ({ column, description }));
  });
}

function explained(
  error: unknown,
  pipeline: string,
  input: TableSchema,
  step: StepDefinition,
  rule: string,
): unknown {
  const isExpression = error instanceof ExpressionMistake;
  if (!isExpression && !(error instanceof StepMistake)) return error;
  const column = (isExpression ? undefined : error.column) ?? stepColumn(step);
  const where = isExpression ? `${rule}, character ${error.at + 1} of its expression` : rule;
  return new PlatformError('PIPELINE_STEP_INVALID', {
    doing: `compiling the pipeline "${pipeline}" for ${input.schema}.${input.table}`,
    why: `${where}: ${error.message}`,
    context: {
      pipeline,
      table: `${input.schema}.${input.table}`,
      step: rule,
      column,
      position: isExpression ? error.at + 1 : undefined,
    },
    cause: error,
  });
}
