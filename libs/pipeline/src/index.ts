export { checkSteps } from './check-steps.ts';
export { compilePipeline, type PipelineDefinition } from './compile-pipeline.ts';
export { CompiledPipeline, type OutputColumn, type RowDependency } from './compiled-pipeline.ts';
export type { Step } from './compiled-step.ts';
export {
  compileExpression,
  compileExpressionAs,
  compilePredicate,
  type CompiledExpression,
  type Scope,
  type ScopeColumn,
} from './expression/compile-expression.ts';
export { ExpressionMistake } from './expression/expression-mistake.ts';
export { FUNCTION_NAMES } from './expression/functions.ts';
export { parseExpression } from './expression/parser.ts';
export { fingerprintOf } from './fingerprint.ts';
export { clearUnavailable, createRow, readsUnavailable, type Row } from './row.ts';
export type { Origin } from './schema-draft.ts';
export type { MaskDefinition, StepDefinition } from './step-definition.ts';
export { DROP, OK, type Drop, type Ok, type Reject, type Route, type StepResult } from './step-result.ts';
export { Fault } from './values/fault.ts';
export { parseTypeName, sqlTypeName } from './values/type-name.ts';
