import type { ColumnSchema, ColumnType } from '@hasivu/change-events';

import type { Scope } from './expression/compile-expression.ts';
import { StepMistake } from './step-mistake.ts';
import { sqlTypeName } from './values/type-name.ts';

/** How a column's value comes from one input column. */
export interface Origin {
  readonly column: string;
  readonly subtype: 'IDENTITY' | 'TRANSFORMATION';
  readonly masking: boolean;
  readonly description?: string;
}

/** A column between two steps. */
export interface DraftColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly pgType: string;
  /** `ColumnSchema.origin` of the column that it still is, renamed or in another form. */
  readonly origin?: string;
  readonly slot: number;
  /** Position in the key, or -1. */
  readonly keyIndex: number;
  readonly origins: readonly Origin[];
}

/** The table's shape as the steps change it, one after the other. */
export class SchemaDraft {
  #columns: DraftColumn[];
  #slots: number;

  constructor(columns: readonly ColumnSchema[], key: readonly string[]) {
    // What rows had in a column before it was there is not treated by any step: it goes no further.
    this.#columns = columns.map(({ initial: _raw, ...column }, slot) => ({
      ...column,
      slot,
      keyIndex: key.indexOf(column.name),
      origins: [{ column: column.name, subtype: 'IDENTITY', masking: false }],
    }));
    this.#slots = columns.length;
  }

  get columns(): readonly DraftColumn[] {
    return this.#columns;
  }

  /** Number of values that a row needs. */
  get slots(): number {
    return this.#slots;
  }

  get scope(): Scope {
    return new Map(this.#columns.map(({ name, slot, type }) => [name, { slot, type }]));
  }

  /** @throws StepMistake when there is no such column at this point */
  column(name: string): DraftColumn {
    const found = this.find(name);
    if (found) return found;
    const known = this.#columns.map((column) => column.name).join(', ');
    throw new StepMistake(`there is no column ${JSON.stringify(name)} at this point (known: ${known})`, name);
  }

  find(name: string): DraftColumn | undefined {
    return this.#columns.find((column) => column.name === name);
  }

  rename(from: string, to: string): void {
    const column = this.column(from);
    if (from !== to && this.find(to))
      throw new StepMistake(`there is a column ${JSON.stringify(to)} already`, from);
    this.#put(from, { ...column, name: to });
  }

  drop(name: string): void {
    const { keyIndex } = this.column(name);
    if (keyIndex >= 0)
      throw new StepMistake(
        'the column is part of the key: without it, updates and deletes find no row',
        name,
      );
    this.#columns = this.#columns.filter((column) => column.name !== name);
  }

  /** Gives the column a new value in a new slot, which is returned. */
  rewrite(name: string, type: ColumnType, origin: { masking: boolean; description: string }): number {
    const column = this.column(name);
    const origins = column.origins.map((known) => ({
      column: known.column,
      subtype: 'TRANSFORMATION' as const,
      masking: known.masking || origin.masking,
      description: known.description ? `${known.description}; ${origin.description}` : origin.description,
    }));
    return this.#put(name, { ...column, type, pgType: sqlTypeName(type), slot: this.#slots, origins });
  }

  /** Adds a column, or gives an existing one a value that comes from others. */
  derive(name: string, type: ColumnType, from: readonly DraftColumn[], description: string): number {
    const existing = this.find(name);
    if (existing && existing.keyIndex >= 0)
      throw new StepMistake('the column is part of the key and can only be renamed, cast or hashed', name);
    const origins = new Map<string, Origin>();
    for (const { origins: known } of from)
      for (const origin of known)
        origins.set(origin.column, {
          column: origin.column,
          subtype: 'TRANSFORMATION',
          masking: origin.masking && (origins.get(origin.column)?.masking ?? true),
          description,
        });
    return this.#put(name, {
      name,
      type,
      pgType: sqlTypeName(type),
      slot: this.#slots,
      keyIndex: -1,
      origins: [...origins.values()],
    });
  }

  #put(name: string, column: DraftColumn): number {
    const index = this.#columns.findIndex((known) => known.name === name);
    if (index < 0) this.#columns.push(column);
    else this.#columns[index] = column;
    if (column.slot === this.#slots) this.#slots += 1;
    return column.slot;
  }
}
