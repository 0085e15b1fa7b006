import type { ColumnType, TableSchema } from '@hasivu/change-events';

import type { CompiledStep, Step } from './compiled-step.ts';
import type { Scope } from './expression/compile-expression.ts';
import { createRow, type Row } from './row.ts';
import type { DraftColumn, Origin, SchemaDraft } from './schema-draft.ts';
import { OK, type Ok, type Route, type StepResult } from './step-result.ts';

/** An output column. Where `slot` is below the number of input columns, its value is that input column, untouched. */
export interface OutputColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly slot: number;
  /** Where the value comes from; empty for a constant. */
  readonly origins: readonly Origin[];
}

/** An input column that decides whether or where a row goes. */
export interface RowDependency {
  readonly column: string;
  readonly description: string;
}

export interface CompiledPipelineParts {
  readonly name: string;
  readonly input: TableSchema;
  readonly to: string;
  readonly outputs: readonly string[];
  readonly draft: SchemaDraft;
  readonly steps: readonly CompiledStep[];
  readonly rowDependencies: readonly RowDependency[];
}

/** A pipeline for rows of one schema. Pure: it reads and writes the values of one reused row. */
export class CompiledPipeline {
  readonly name: string;
  readonly input: TableSchema;
  /** Schema of the rows it puts out; the table is named as the input's. */
  readonly output: TableSchema;
  readonly columns: readonly OutputColumn[];
  /** Names of all outputs, the default one first. */
  readonly outputs: readonly string[];
  readonly rowDependencies: readonly RowDependency[];
  /** Columns after the last step, for rules on the finished row. */
  readonly scope: Scope;
  /** Input columns whose values the steps read, or that some output needs decoded. */
  readonly reads: readonly number[];
  /** Whether the key's values change: then its bytes can't be copied. */
  readonly keyChanges: boolean;
  /** Slots of the key's values in key order, after the steps. */
  readonly keySlots: readonly number[];
  readonly #slots: number;
  readonly #run: readonly Step[];
  readonly #columnSteps: readonly Step[];
  readonly #keySteps: readonly Step[];

  constructor(parts: CompiledPipelineParts) {
    const { draft, steps, input } = parts;
    this.name = parts.name;
    this.input = input;
    this.outputs = parts.outputs;
    this.rowDependencies = parts.rowDependencies;
    this.columns = draft.columns.map(({ name, type, slot, origins }) => ({ name, type, slot, origins }));
    this.scope = draft.scope;
    const key = [...draft.columns]
      .filter((column) => column.keyIndex >= 0)
      .sort((a, b) => a.keyIndex - b.keyIndex);
    this.output = outputSchema(input, draft.columns, key);
    this.keySlots = key.map((column) => column.slot);
    this.keyChanges = key.some((column) => column.slot >= input.columns.length);
    this.reads = inputSlots(steps, input.columns.length);
    this.#slots = draft.slots;
    this.#run = steps.map((step) => step.run);
    this.#columnSteps = steps.filter((step) => step.kind === 'column').map((step) => step.run);
    this.#keySteps = steps.filter((step) => step.keyed).map((step) => step.run);
  }

  createRow(): Row {
    return createRow(this.#slots);
  }

  /** Takes a new row through all steps: what becomes of it. A routed row has gone through the steps after the route too. */
  run(row: Row): StepResult {
    let outcome: Ok | Route = OK;
    for (const step of this.#run) {
      const result = step(row);
      if (result.tag === 'ok') continue;
      if (result.tag !== 'route') return result;
      if (outcome === OK) outcome = result;
    }
    return outcome;
  }

  /** Computes the columns of an old image. It decides nothing any more: what can't be computed is null. */
  transform(row: Row): void {
    for (const step of this.#columnSteps) step(row);
  }

  /** Computes the key's values alone, from the key columns. */
  runKey(row: Row): StepResult {
    for (const step of this.#keySteps) {
      const result = step(row);
      if (result.tag !== 'ok') return result;
    }
    return OK;
  }
}

function outputSchema(
  input: TableSchema,
  columns: readonly DraftColumn[],
  key: readonly DraftColumn[],
): TableSchema {
  return {
    ...input,
    columns: columns.map(({ name, type, pgType, origin }) => ({
      name,
      type,
      pgType,
      ...(origin === undefined ? {} : { origin }),
    })),
    key: key.map((column) => column.name),
  };
}

function inputSlots(steps: readonly CompiledStep[], inputColumns: number): number[] {
  const slots = new Set(steps.flatMap((step) => step.reads).filter((slot) => slot < inputColumns));
  return [...slots].sort((a, b) => a - b);
}
