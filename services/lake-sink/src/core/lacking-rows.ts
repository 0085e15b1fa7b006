import type { ColumnSchema, EnvelopeReader } from '@hasivu/change-events';
import type { DeltaField } from '@hasivu/delta';
import { isAfter, type ChangePosition } from './change-position.ts';
import { hasInitial } from './column-initial.ts';
import { fieldFor } from './column-origin.ts';

/** Of the rows of one writer's schema the last, by its position in halves: nothing is made per row. */
interface Last {
  readonly names: readonly string[];
  lsnHi: number;
  lsnLo: number;
  seq: number;
}

/** Up to where rows of a batch came without columns that have an initial value: from another partition, late. */
export class LackingRows {
  readonly #fields: readonly DeltaField[];
  readonly #initials: readonly DeltaField[];
  readonly #last = new Map<readonly ColumnSchema[], Last | null>();

  constructor(rowFields: readonly DeltaField[]) {
    this.#fields = rowFields;
    this.#initials = rowFields.filter(hasInitial);
  }

  /** Takes the row that the reader has read. */
  note(reader: EnvelopeReader): void {
    if (this.#initials.length === 0) return;
    const { columns } = reader.layout;
    let last = this.#last.get(columns);
    if (last === undefined) this.#last.set(columns, (last = this.#lackedBy(columns)));
    if (last === null) return;
    const { commitLsnHi: hi, commitLsnLo: lo, seq } = reader;
    const order = hi - last.lsnHi || (lo >>> 0) - last.lsnLo || seq - last.seq;
    if (order <= 0) return;
    last.lsnHi = hi;
    last.lsnLo = lo >>> 0;
    last.seq = seq;
  }

  /** By column the last change that came without it. */
  get upTo(): ReadonlyMap<string, ChangePosition> {
    const found = new Map<string, ChangePosition>();
    for (const last of this.#last.values()) {
      if (last === null || last.seq < 0) continue;
      const at = { lsn: (BigInt(last.lsnHi) << 32n) | BigInt(last.lsnLo), seq: last.seq };
      for (const name of last.names) {
        const known = found.get(name);
        if (known === undefined || isAfter(at, known)) found.set(name, at);
      }
    }
    return found;
  }

  #lackedBy(columns: readonly ColumnSchema[]): Last | null {
    const sent = new Set(columns.map((source) => fieldFor(this.#fields, source)));
    const names = this.#initials.filter((own) => !sent.has(own)).map((own) => own.name);
    return names.length === 0 ? null : { names, lsnHi: -1, lsnLo: 0, seq: -1 };
  }
}
