import type { ColumnSchema } from '@hasivu/change-events';
import { columnDefault, type DeltaField } from '@hasivu/delta';
import { fieldFor } from './column-origin.ts';

/** Columns with a default, which another writer has given the table, that no change of a batch has a value for. */
export class UnsentColumns {
  readonly #fields: readonly DeltaField[];
  readonly #defaulted: readonly DeltaField[];
  readonly #writers = new Set<readonly ColumnSchema[]>();

  constructor(rowFields: readonly DeltaField[]) {
    this.#fields = rowFields;
    this.#defaulted = rowFields.filter((own) => columnDefault(own) !== null);
  }

  /** Takes a row of a writer's schema. */
  note(columns: readonly ColumnSchema[]): void {
    if (this.#defaulted.length > 0) this.#writers.add(columns);
  }

  get names(): readonly string[] {
    const sent = new Set([...this.#writers].flat().map((source) => fieldFor(this.#fields, source)));
    return this.#defaulted.filter((own) => !sent.has(own)).map((own) => own.name);
  }
}
